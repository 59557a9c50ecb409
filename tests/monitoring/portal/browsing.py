"""A real Chromium whose every request is answered by this process, under the content policy of the installation."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client

from deploy.headers import CONTENT_SECURITY_POLICY

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
HOST = "http://localhost"  # a secure context, as https is: without one a browser lends no cryptography
NOT_FORWARDED = ("Content-Length",)
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@contextmanager
def browser_page(client: Client) -> Iterator[Any]:
    """Yield a page. Its `change(path, body)` may tamper with an answer on its way, as whoever sits between could."""
    from playwright.sync_api import sync_playwright

    mine = {alias: connections[alias] for alias in connections}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(base_url=HOST).new_page()
        page.complaints, page.asked, page.change = [], [], None
        page.on("console", lambda each: page.complaints.append(each.text) if each.type == "error" else None)
        page.on("pageerror", lambda each: page.complaints.append(str(each)))
        page.context.route("**/*", lambda route: (lend(mine), answer(route, client=client, page=page)))
        lend(mine)
        try:
            yield page
        finally:
            browser.close()


def lend(mine: Mapping[str, Any]) -> None:
    """Go on with the test's own connections: beside an event loop Django opens others, outside its transaction."""
    for alias, connection in mine.items():
        connections[alias] = connection


def answer(route: Any, *, client: Client, page: Any) -> None:
    parts = urlsplit(route.request.url)
    page.asked.append((route.request.method, parts.path))
    if parts.path.startswith("/static/"):
        path = Path(str(finders.find(parts.path.removeprefix("/static/"))))
        headers = {"Content-Type": TYPES[path.suffix], "Content-Security-Policy": CONTENT_SECURITY_POLICY}
        route.fulfill(status=200, headers=headers, body=path.read_bytes())
        return
    found = client.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    body = b"".join(found) if found.streaming else found.content
    headers = {name: value for name, value in found.headers.items() if name not in NOT_FORWARDED}
    route.fulfill(
        status=found.status_code, headers=headers, body=page.change(parts.path, body) if page.change else body
    )
