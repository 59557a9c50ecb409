"""Settings of the tests: one role that owns the tables, everything else as in an installation.

Triggers hold for the owner too. What the roles may and may not is tested on
a database that commits (see tests/conftest.py).
"""

import atexit
import os
import shutil
import tempfile

if "RADVIGIL_HOME" not in os.environ:
    os.environ["RADVIGIL_HOME"] = tempfile.mkdtemp(prefix="radvigil-test-")
    atexit.register(shutil.rmtree, os.environ["RADVIGIL_HOME"], ignore_errors=True)

from deploy.settings.base import *  # noqa: F403
from deploy.settings.base import DATABASES

SEQUENCER_DATABASE = "default"
DATABASES["default"] = DATABASES.pop("owner", DATABASES["default"]) | {
    "CONN_MAX_AGE": 0,
    "TEST": {"NAME": os.environ.get("RADVIGIL_TEST_DATABASE", "test_radvigil")},
}
DATABASES.pop("sequencer", None)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
