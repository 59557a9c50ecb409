"""What browsers are told with every answer, and that production settings pass Django's own check."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from deploy.headers import CONTENT_SECURITY_POLICY
from tests.factories import make_network, make_user

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
BACKEND = "django.contrib.auth.backends.ModelBackend"
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/json\"))|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)


def policy() -> dict[str, list[str]]:
    return {name: rest for name, *rest in (part.split() for part in CONTENT_SECURITY_POLICY.split("; "))}


def test_the_policy_allows_nothing_inline_evaluated_or_from_elsewhere():
    said = policy()
    assert not re.search("unsafe|http:|https:|[*]|nonce", CONTENT_SECURITY_POLICY)
    assert said["default-src"] == ["'none'"]
    assert said["script-src"] == said["form-action"] == said["connect-src"] == ["'self'"]
    assert said["frame-ancestors"] == said["base-uri"] == ["'none'"]
    assert [each for each in said["style-src"] if not each.startswith("'sha256-")] == ["'self'"]


@pytest.mark.parametrize("address", ["/log-in/", "/nowhere/", "/static/app.css", "/%00", "/api/v1/truth", "/users/"])
def test_every_answer_carries_the_headers(client, address):
    answer = client.get(address)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_so_do_the_pages_of_a_fault_and_of_a_forged_form(monkeypatch):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    forged = client.post("/log-in/", {})
    monkeypatch.setattr("audit.access.views.LogInForm", None)
    fault = client.get("/log-in/")
    assert (forged.status_code, fault.status_code) == (403, 500)
    for answer in (forged, fault):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert not INLINE.search(answer.content.decode())


@pytest.mark.parametrize("address", ["/", "/products/cxr/", "/api/", "/account/", "/drift/report/", "/log/"])
def test_pages_hold_nothing_inline(address):
    make_network()
    client = Client()
    client.force_login(make_user(role="quality_officer", organisation="north-group"), backend=BACKEND)
    answer = client.get(address)
    assert answer.status_code == 200
    assert not INLINE.search(answer.content.decode())


def test_no_template_holds_anything_inline():
    documents = {"monitoring/evidence/report.html"}  # a file of a package: it is opened from a disk, not served
    pages = [
        path
        for path in (ROOT / "templates").rglob("*.html")
        if str(path.relative_to(ROOT / "templates")) not in documents
    ]
    assert [str(path) for path in pages if INLINE.search(path.read_text())] == []


def test_our_scripts_evaluate_no_text():
    for name in ("app.js", "reading.js", "keys.js", "passwords.js"):
        assert not re.search(r"\beval\(|new Function|innerHTML\s*=", Path(finders.find(name)).read_text()), name


def production(**more: str) -> dict[str, str]:
    return {**os.environ, "RADVIGIL_TLS": "True", "RADVIGIL_HOSTS": "radvigil.hospital.example", **more}


def test_production_settings_pass_djangos_check_for_deployment(tmp_path):
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environment = production(RADVIGIL_HOME=str(tmp_path), DJANGO_SETTINGS_MODULE="deploy.settings.base")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_over_tls_browsers_are_told_to_stay_there(settings, client):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")
    plain = Client().get("/log-in/")
    assert (plain.status_code, plain["Location"]) == (301, "https://testserver/log-in/")
    kept = Client().get("/log-in/", headers={"x-forwarded-proto": "https"})
    assert kept["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
