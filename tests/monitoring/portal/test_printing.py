"""The portal on paper: everything that the page says, page numbers, checkpoints as codes, and how to check by hand."""

import io
import json
import random
import re
from hashlib import sha256

import pytest
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader

from audit.log.models import Act
from audit.packages.bundling import verifier_digest
from audit.proofs.merkle import inclusion_proof, leaf_hash, root
from monitoring.evidence.paper import TEMPLATES, without_strange_letters
from monitoring.portal.actions import About, make_comment
from monitoring.portal.presenting import product_view
from monitoring.portal.printing import sides_of, twin_of
from monitoring.portal.queries import portal_reach, product_for
from tests.monitoring.signals.test_views import make_signal

pytestmark = pytest.mark.django_db
PATH = "/portal/products/cxr/report.pdf"


def text_of(user, now) -> str:
    """Return the words that stand on the paper of the product, as its twin holds them."""
    reach = portal_reach(user, now=now)
    view = product_view(reach, product_for(reach, "cxr"), period={})
    return json.dumps(twin_of(view, reader="A. Reader"), ensure_ascii=False)


def test_the_paper_has_the_sections_of_the_page(authority, page):
    source = (TEMPLATES / "portal.typ").read_text()
    on_paper = re.findall(r"^= (.+)$", source, re.MULTILINE)
    titles = re.findall(r"<h2>\d+\. ([^<]+)", page(authority, "/portal/products/cxr/").content.decode())
    assert len(titles) == 11
    assert len(on_paper) == 12
    assert [each for each in titles if each in on_paper] == [
        "The product", "Versions and what was in force", "Figures and what they leave out",
        "Claims and how they stand", "Signals and their states", "Investigations", "Change records",
        "Evidence packages",
    ]  # fmt: skip


def test_the_paper_is_archival_with_pages_and_a_code_for_each_log(authority, page):
    make_signal()
    answer = page(authority, PATH)
    assert answer["Content-Type"] == "application/pdf"
    reader = PdfFileReader(io.BytesIO(answer.content))
    assert reader.root["/Pages"]["/Count"] >= 3
    assert b"<pdfaid:part>2</pdfaid:part>" in answer.content


def test_the_paper_says_what_proves_it(authority, now):
    signal = make_signal()
    text = text_of(authority, now)
    for words in (signal.title, verifier_digest(), "North Hospital", "/log/north-group"):
        assert words in text


def test_what_is_hidden_on_the_page_is_hidden_on_paper(inspector, now):
    make_signal(cases=5)
    text = text_of(inspector, now)
    assert "hidden by the sharing agreement" in text
    assert "East Hospital" not in text


def test_printing_is_an_entry(inspector, page):
    page(inspector, PATH)
    assert Act.objects.filter(subject="portal/report/cxr").count() == 2


def test_the_checkpoint_on_paper_is_the_signed_one_and_its_example_leads_to_the_root(authority, now):
    reach = portal_reach(authority, now=now)
    twin = twin_of(product_view(reach, product_for(reach, "cxr"), period={}), reader="A. Reader")
    example, log = twin["example"], twin["logs"][0]
    assert log["note"].splitlines()[0] == log["origin"]
    found = bytes.fromhex(example["leaf"])
    for side, each in example["steps"]:
        other = bytes.fromhex(each)
        found = sha256(b"\x01" + (other + found if side == "left" else found + other)).digest()
    assert found.hex() == example["root"] == log["root"]


def test_the_sides_of_a_proof_are_those_that_lead_to_the_root():
    chance = random.Random(7)
    for size in (1, 2, 3, 5, 7, 8, 13, 64, 100):
        leaves = [leaf_hash(bytes([number])) for number in range(size)]
        index = chance.randrange(size)
        found = leaves[index]
        proof = inclusion_proof(leaves, index)
        for side, each in zip(sides_of(index, size=size), proof, strict=True):
            found = sha256(b"\x01" + (each + found if side == "left" else found + each)).digest()
        assert found == root(leaves)


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "bell\x07", "back\b feed\f", "gone\x7f", "\\u001b stays"])
def test_no_comment_keeps_the_paper_from_being_set(client, inspector, page, text):
    """A comment stays for good, and so would what it breaks: PDF/A has no room for a character without a picture."""
    about = About(kind="product", product="cxr", words="CXR Assist")
    make_comment(about=about, text=text, by=inspector, organisations=["north-group"], now=timezone.now())
    assert page(inspector, PATH).status_code == 200


def test_a_control_character_stands_as_its_code_point():
    shown = json.loads(without_strange_letters(json.dumps("a\x1b \b \n \\u001b \x7f", ensure_ascii=False)))
    assert shown == "a[U+001B] [U+0008] \n \\u001b [U+007F]"
