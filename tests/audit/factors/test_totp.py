from datetime import UTC, datetime

import pytest

from audit.factors import totp

SECRET = b"12345678901234567890"
# RFC 6238, appendix B, the rows of SHA-1: seconds since 1970 and the code of eight digits.
PUBLISHED = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), PUBLISHED)
def test_codes_are_those_of_the_standard(seconds, code):
    assert totp.code_at(SECRET, step=totp.step_at(at(seconds)), digits=8) == code


@pytest.mark.parametrize(("seconds", "code"), PUBLISHED)
def test_a_published_code_is_taken_at_its_time(seconds, code):
    found = totp.matching_step(SECRET, code=code[2:], now=at(seconds), last_step=-1)
    assert found == seconds // 30


@pytest.mark.parametrize(("late", "taken"), [(-30, True), (0, True), (30, True), (60, False), (-60, False)])
def test_one_step_either_way_is_forgiven_and_no_more(late, taken):
    code = totp.code_at(SECRET, step=totp.step_at(at(1_234_567_890)))
    found = totp.matching_step(SECRET, code=code, now=at(1_234_567_890 + late), last_step=-1)
    assert (found is not None) is taken


def test_a_step_that_was_used_is_not_taken_again():
    now = at(1_234_567_890)
    code = totp.code_at(SECRET, step=totp.step_at(now))
    assert totp.matching_step(SECRET, code=code, now=now, last_step=totp.step_at(now)) is None
    assert totp.matching_step(SECRET, code=code, now=now, last_step=totp.step_at(now) + 1) is None


@pytest.mark.parametrize("code", ["", "000000", "89005924", "٨٩٠٠٥٩", "005924 "])
def test_another_text_is_no_code(code):
    assert totp.matching_step(SECRET, code=code, now=at(1_234_567_890), last_step=-1) is None


def test_the_address_for_an_app_holds_what_it_needs():
    address = totp.address_for_app(SECRET, username="quality", issuer="Radvigil")
    assert address == (
        "otpauth://totp/Radvigil:quality?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Radvigil&digits=6&period=30"
    )
