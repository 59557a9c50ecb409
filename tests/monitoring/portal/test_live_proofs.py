"""What the portal shows, proved in a real browser: entry, leaf, tiles, checkpoint, pinned key; each tampered with."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.log.checkpoints import sign_checkpoints
from audit.log.models import LogKey
from audit.log.sequencing import sequence
from audit.log.signing import rotate_key
from audit.proofs.notes import PublicKey
from monitoring.signals.actions import acknowledge_signal
from tests.factories import make_user
from tests.monitoring.portal.browsing import CHROMIUM, HOST, browser_page
from tests.monitoring.signals.test_views import make_signal

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")]
PATH = "/portal/products/cxr/"
STEP = "section[aria-label=Signals] .timeline li"


@pytest.fixture
def signed_in(authority, client, monkeypatch):
    """A regulator before a page with one signal that somebody took."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    now = timezone.now()
    acknowledge_signal(signal=make_signal(), by=make_user(role="quality_officer"), note="looked at it", now=now)
    signed()
    client.force_login(authority, backend="django.contrib.auth.backends.ModelBackend")
    return client


def signed():
    sequence(now=timezone.now())
    sign_checkpoints(now=timezone.now(), interval=timedelta(0))


def fingerprint(number=-1) -> str:
    key = list(LogKey.objects.filter(organisation="north-group").order_by("id"))[number]
    return PublicKey(name=key.origin, key=bytes(key.public_key)).fingerprint


def proved(page, *, pin="", where=STEP) -> tuple[str, str]:
    """Return the class and the words that a Verify button gives."""
    page.goto(PATH)
    page.evaluate("([name, pin]) => localStorage.setItem(name, pin)", ["radvigil pin north-group", pin])
    page.locator(f"{where} [data-proof]").first.click()
    result = page.locator(f"{where} .proof-result").first
    result.wait_for()
    return result.get_attribute("class").split()[-1], result.inner_text()


def test_an_entry_is_proved_with_the_pinned_key_and_open_without(signed_in):
    with browser_page(signed_in) as page:
        state, words = proved(page)
        assert (state, words[:14]) == ("open", "Key not pinned")
        state, words = proved(page, pin=fingerprint())
        assert (state, words[:7]) == ("holds", "Proved:"), words
        assert "the signature holds" in words
        page.goto(PATH)
        page.fill("[data-pin=north-group]", fingerprint().upper())
        page.keyboard.press("Tab")
        page.reload()
        assert page.input_value("[data-pin=north-group]") == fingerprint()
        assert page.complaints == []


def test_every_verify_button_of_the_page_proves_what_the_page_says(signed_in):
    with browser_page(signed_in) as page:
        page.goto(PATH)
        buttons = page.locator("[data-proof]")
        assert buttons.count() >= 4
        for number in range(buttons.count()):
            buttons.nth(number).click()
            page.locator(".proof-result").nth(number).wait_for()
        assert page.locator(".proof-result.fails").all_inner_texts() == []


def tampered(address, change):
    return lambda path, body: change(body) if address in path else body


def with_body(change):
    def changed(body):
        given = json.loads(body)
        return json.dumps(given | change(given)).encode()

    return changed


TAMPERINGS = {
    "the words": ("/portal/entries/", with_body(lambda g: {"body": g["body"].replace("quality", "nobody")})),
    "the leaf": ("/portal/entries/", with_body(lambda g: {"leaf": "00" * 32})),
    "the position": ("/portal/entries/", with_body(lambda g: {"position": g["position"] - 1})),
    "another log": ("/portal/entries/", with_body(lambda g: {"organisation": "south-clinic"})),
    "a tile": ("/tile/0/", lambda body: body[:40] + b"\0" * 32 + body[72:]),
    "the checkpoint's size": ("/checkpoint", lambda body: body.replace(b"\n", b"\n1", 1)),
    "the signature": ("/checkpoint", lambda body: body[:-6] + b"AAAA" + body[-2:]),
    "no checkpoint": ("/checkpoint", lambda body: b""),
}


def test_whatever_is_tampered_with_on_its_way_is_no_proof(signed_in):
    with browser_page(signed_in) as page:
        assert proved(page, pin=fingerprint())[0] == "holds"
        for name, (address, change) in TAMPERINGS.items():
            page.change = tampered(address, change)
            state, words = proved(page, pin=fingerprint())
            assert state != "holds", name
            assert "Proved" not in words, name


def test_a_page_that_says_something_else_than_its_entry_is_named(signed_in):
    with browser_page(signed_in) as page:
        page.change = tampered(PATH, lambda body: body.replace(b"looked at it", b"all is well"))
        state, words = proved(page, pin=fingerprint(), where=f"{STEP}:last-child")
        assert state == "fails"
        assert "The page says something else than the entry" in words


def test_an_older_pinned_key_leads_to_the_newer_by_its_own_word(signed_in):
    old = fingerprint()
    rotate_key("north-group", overlap=timedelta(0), by="test", now=timezone.now())
    signed()
    assert fingerprint() != old
    with browser_page(signed_in) as page:
        assert proved(page, pin=old)[0] == "holds"
        assert proved(page, pin=fingerprint())[0] == "holds"
        assert proved(page, pin="0" * 64)[0] == "open"
        assert page.url.startswith(HOST)
