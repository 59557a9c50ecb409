"""Passkeys in a real Chromium with its virtual authenticator (CTAP 2), against a real server: made, asked, refused."""

from contextlib import contextmanager

import pytest

from audit.factors.models import Factor
from audit.log.models import Entry
from deploy.settings.base import PASSWORD_HASHERS
from tests.acceptance.test_browser import CHROMIUM, FLAGS, web_server
from tests.factories import make_user

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]
NAME = "quality_officer-north-group"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def place(committed_database, settings):
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS  # the server knows those of an installation alone
    make_user(role="quality_officer", organisation="north-group")
    with web_server(committed_database.environment) as address:
        yield address.replace("127.0.0.1", "localhost")


@contextmanager
def chromium():
    """A browser to use in a with block; the database is asked afterwards, as beside an event loop Django refuses."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def plugged_in(browser, *, wrong):
    """Return a page of a new browser profile with a key of its own, and what talks to that key."""
    page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
    page.set_default_timeout(10_000)
    page.on(
        "console", lambda said: wrong.append(said.text) if said.type == "error" and "422" not in said.text else None
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    talk = page.context.new_cdp_session(page)
    talk.send("WebAuthn.enable")
    key = talk.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]
    return page, talk, key


def give_password(page, place):
    page.goto(f"{place}/log-in/?next=/account/")
    page.fill("#id_username", NAME)
    page.fill("#id_password", NAME)
    with page.expect_navigation():
        page.click("main button[type=submit]")


def fits(page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= 390"))


def test_a_passkey_is_made_opens_the_next_session_and_nobody_elses_key_does(place):
    wrong = []
    with chromium() as browser:
        page, talk, key = plugged_in(browser, wrong=wrong)
        give_password(page, place)
        page.goto(f"{place}/account/factors/key/")
        page.fill("#id_name", "this computer")
        page.click("[data-key-start]")
        page.wait_for_selector("text=Keep these codes")
        assert fits(page)
        codes = page.locator("ol.codes code").all_inner_texts()
        assert len(codes) == 10
        page.click("text=I have kept them")
        page.wait_for_selector("text=this computer")
        assert fits(page)
        page.click("summary[aria-label^='Your account']")
        with page.expect_navigation():
            page.click("text=Log out")

        give_password(page, place)
        page.wait_for_selector("text=Second step")
        assert fits(page)
        page.click("[data-key-start]")
        page.wait_for_selector("text=this computer")
        assert talk.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"][0]["signCount"] > 0

        thief, _, _ = plugged_in(browser, wrong=wrong)
        give_password(thief, place)
        thief.click("[data-key-start]")
        thief.wait_for_selector("[data-key-said]:not([hidden])")
        assert "not used" in thief.inner_text("[data-key-said]")
        thief.fill("#id_code", codes[0])
        thief.click("text=Go on")
        thief.wait_for_selector("text=9 recovery codes left")
    assert wrong == []
    assert Factor.objects.get().name == "this computer"
    proofs = [
        bytes(body) for body in Entry.objects.filter(kind="logged_in").order_by("id").values_list("body", flat=True)
    ]
    assert [b'"key"' in each for each in proofs] == [False, True, False]
    assert b"recovery_code" in proofs[-1]


def test_a_copied_key_is_refused(place):
    """Two devices with one private key: the count of the copy lies behind what the original was seen with."""
    wrong = []
    with chromium() as browser:
        page, talk, key = plugged_in(browser, wrong=wrong)
        give_password(page, place)
        page.goto(f"{place}/account/factors/key/")
        page.click("[data-key-start]")
        page.wait_for_selector("text=Keep these codes")
        copy = talk.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"][0]
        for _ in range(2):
            page.context.clear_cookies()
            give_password(page, place)
            page.click("[data-key-start]")
            page.wait_for_selector("text=Open sessions")

        thief, talk, key = plugged_in(browser, wrong=wrong)
        talk.send("WebAuthn.addCredential", {"authenticatorId": key, "credential": copy | {"signCount": 0}})
        give_password(thief, place)
        thief.click("[data-key-start]")
        thief.wait_for_selector("text=The code is not right")
    assert Entry.objects.filter(kind="second_factor_failed").count() == 1
    assert wrong == []


def test_a_password_can_be_looked_at_and_says_how_long_it_is(place):
    wrong = []
    with chromium() as browser:
        page, _, _ = plugged_in(browser, wrong=wrong)
        give_password(page, place)
        page.fill("#id_new", "eight888")
        assert page.inner_text("#id_new ~ span").strip() == "4 more"
        page.click("#id_new + button")
        assert page.get_attribute("#id_new", "type") == "text"
        page.click("#id_new + button")
        assert page.get_attribute("#id_new", "type") == "password"
        page.fill("#id_new", "several words are good")
        assert page.inner_text("#id_new ~ span").strip() == "good"
        assert fits(page)
    assert wrong == []
