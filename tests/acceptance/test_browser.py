"""The pages in a real browser: scripts run under the content policy, figures are drawn, nothing runs off a phone."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from urllib.error import URLError

import pytest
from django.conf import settings
from django.test import Client

from audit.log.sequencing import sequence
from monitoring.rollups.actions import follow
from tests.factories import NOON, event_row, inference_row, make_network, make_user, read_row, send, truth_row

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]

BACKEND = "django.contrib.auth.backends.ModelBackend"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
STUDIES = 40
PAGES = {
    "quality_officer": (
        "/", "/products/cxr/", "/signals/", "/cases/", "/disagreement/", "/feeds/", "/drift/report/", "/rescoring/",
        "/intake/", "/registry/", "/evidence/", "/log/",
    ),
    "radiologist": ("/worklist/", "/truth/"),
}  # fmt: skip


@pytest.fixture
def served(committed_database):
    """A small network behind a real web server: its address, and a session of each role."""
    make_network()
    numbers = range(1, STUDIES + 1)
    send("inferences", *(inference_row(each, score=each / 50) for each in numbers))
    send("events", *(event_row(each) for each in numbers))
    send("reads", *(read_row(each, decision="positive" if each > 30 else "negative") for each in numbers if each % 4))
    send("truth", *(truth_row(each, value="positive" if each > 25 else "negative") for each in numbers))
    sequence(now=NOON + timedelta(days=1))
    follow(now=NOON + timedelta(days=1))
    sessions = {role: session_of(role) for role in PAGES}
    with web_server(committed_database.environment) as address:
        yield address, sessions


def session_of(role):
    client = Client()
    client.force_login(make_user(role=role, organisation="north-group"), backend=BACKEND)
    return client.cookies["sessionid"].value


@contextmanager
def web_server(environment):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "deploy.wsgi", "--bind", place, "--threads", "4"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, **quiet) as process:
        try:
            wait_for(f"http://{place}/log-in/")
            yield f"http://{place}"
        finally:
            process.terminate()


def wait_for(address, *, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"{address} did not answer within {seconds} s")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_every_page_runs_its_scripts_and_keeps_within_its_width(served, width, scheme):
    from playwright.sync_api import sync_playwright

    address, sessions = served
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for role, paths in PAGES.items():
            context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
            context.add_cookies([{"name": "sessionid", "value": sessions[role], "url": address}])
            page = context.new_page()
            page.on("console", lambda said, to=wrong: to.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error, to=wrong: to.append(str(error)))
            for path in paths:
                answer = page.goto(address + path)
                page.wait_for_load_state("networkidle")
                if answer.status != 200 or not page.url.startswith(address + path):
                    wrong.append(f"{path} answered {answer.status} at {page.url}")
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wrong.append(f"{path} runs off {width} pixels")
            context.close()
        browser.close()
    assert wrong == []


def test_figures_are_drawn_and_keys_answer(served):
    from playwright.sync_api import sync_playwright

    address, sessions = served
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": sessions["quality_officer"], "url": address}])
        page = context.new_page()
        page.goto(f"{address}/products/cxr/")
        page.wait_for_selector(".figure-plot svg .trace")
        page.keyboard.press("?")
        dialog = page.wait_for_selector("dialog[open]")
        assert "shortcut" in dialog.inner_text().lower()
        browser.close()
