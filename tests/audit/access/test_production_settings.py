"""What an installation behind TLS has without being told: read from its settings in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NAMES = (
    "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY",
    "CSRF_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE", "RADVIGIL_SECOND_FACTOR_ROLES",
    "RADVIGIL_SESSION_IDLE_MINUTES", "RADVIGIL_SESSION_HOURS",
)  # fmt: skip
READ = f"import json; from deploy.settings import base; print(json.dumps([getattr(base, n) for n in {NAMES!r}]))"


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> dict:
    environment = {**os.environ, "RADVIGIL_TLS": "True", "RADVIGIL_HOME": str(tmp_path_factory.mktemp("home"))}
    said = subprocess.check_output([sys.executable, "-c", READ], cwd=ROOT, env=environment, text=True, timeout=60)
    return dict(zip(NAMES, json.loads(said), strict=True))


def test_cookies_are_taken_over_tls_from_this_host_alone(production):
    assert production["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert production["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert all(production[f"{name}_COOKIE_{what}"] for name in ("SESSION", "CSRF") for what in ("SECURE", "HTTPONLY"))
    assert (production["SESSION_COOKIE_SAMESITE"], production["CSRF_COOKIE_SAMESITE"]) == ("Lax", "Strict")


def test_administrators_and_resolvers_log_in_with_a_second_factor(production):
    assert production["RADVIGIL_SECOND_FACTOR_ROLES"] == ["administrator", "resolver"]


def test_sessions_end_after_thirty_minutes_and_twelve_hours(production):
    assert production["RADVIGIL_SESSION_IDLE_MINUTES"] <= 30
    assert production["RADVIGIL_SESSION_HOURS"] <= 12
