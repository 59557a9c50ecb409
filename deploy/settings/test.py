"""Settings of the tests: one role that owns the tables, everything else as in an installation.

Triggers hold for the owner too. What the roles may and may not is tested on
a database that commits (see tests/conftest.py).
"""

import os
import tempfile

os.environ.setdefault("RADVIGIL_HOME", tempfile.mkdtemp(prefix="radvigil-test-"))

from deploy.settings.base import *  # noqa: F403
from deploy.settings.base import DATABASES

SEQUENCER_DATABASE = "default"
DATABASES["default"] = DATABASES["owner"] | {
    "CONN_MAX_AGE": 0,
    "TEST": {"NAME": os.environ.get("RADVIGIL_TEST_DATABASE", "test_radvigil")},
}
del DATABASES["owner"], DATABASES["sequencer"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
