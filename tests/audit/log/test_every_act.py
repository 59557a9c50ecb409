"""Each word of the issue's list of facts and acts, mapped to the kind of entry that holds it.

The words are those of issue 7, line 1. That each kind is written by the product's code is looked up in the source; that
it is written at the right moment, the test named beside it shows.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WORDS = (
    "inference, read, truth and amendments, rescore, rollup design, monitor design, signal and its states, decision, "
    "change, signature, log-in, failed log-in, permission change, export, view of a named reader's figures, "
    "configuration, key, "
    "sharing and rule changes, corrections, a case or image opened, an identity resolved"
)
# word: kinds of entries as the source writes them, and a test that sees one written
HELD: dict[str, tuple[tuple[str, ...], str]] = {
    "inference": (("inference",), "tests/inference/intake/test_receipts.py"),
    "read": (("read",), "tests/inference/reads/test_case.py"),
    "truth and amendments": (("truth",), "tests/inference/truth/test_pages.py"),
    "rescore": (("rescore", "rescore.started"), "tests/inference/rescoring/test_workers.py"),
    "rollup design": (("rollup.designed",), "tests/monitoring/rollups/test_actions.py"),
    "monitor design": (("monitor.designed",), "tests/monitoring/signals/test_actions.py"),
    "signal and its states": (
        ("signal.raised", "signal.acknowledged", "signal.closed"), "tests/monitoring/signals/test_actions.py",
    ),
    "decision": (("signature", "signal.closed"), "tests/audit/signatures/test_signing.py"),
    "change": (("registration",), "tests/inference/registry/test_actions.py"),
    "signature": (("signature",), "tests/audit/signatures/test_signing.py"),
    "log-in": (("logged_in",), "tests/audit/access/test_views.py"),
    "failed log-in": (("log_in_failed",), "tests/audit/access/test_views.py"),
    "permission change": (
        ("grant_added", "grant_extended", "grant_ended", "user_created", "user_deactivated", "token_created",
         "break_glass.opened"), "tests/inference/registry/test_break_glass.py",
    ),
    "export": (
        ("package.exported", "package.downloaded", "cases_exported", "flagged_exported", "refusals_exported",
         "sharing_exported", "figures_exported"), "tests/inference/registry/test_agreements.py",
    ),
    "view of a named reader's figures": (("reader_figures.seen",), "tests/monitoring/disagreement/test_views.py"),
    "configuration": (("registration",), "tests/inference/registry/test_actions.py"),
    "key": (("key.created", "key.rotated", "key.compromised"), "tests/audit/log/test_keys.py"),
    "sharing and rule changes": (
        ("registration", "rule.switched_on", "labeller.switched_on"), "tests/inference/registry/test_agreements.py",
    ),
    "corrections": (("correction",), "tests/inference/corrections/test_matching.py"),
    "a case or image opened": (("case.opened", "image.opened"), "tests/inference/studies/test_views.py"),
    "an identity resolved": (("identifier.opened",), "tests/inference/studies/test_views.py"),
}  # fmt: skip


@pytest.fixture(scope="module")
def source() -> str:
    files = [path for name in ("audit", "inference", "monitoring") for path in (ROOT / name).rglob("*.py")]
    return "\n".join(path.read_text() for path in files if "migrations" not in path.parts)


def test_the_list_of_the_issue_is_mapped_word_by_word():
    assert list(HELD) == WORDS.split(", ")


@pytest.mark.parametrize("word", list(HELD))
def test_each_word_has_its_kinds_of_entry_and_its_test(source, word):
    kinds, test = HELD[word]
    missing = [kind for kind in kinds if not written(kind, source)]
    assert missing == []
    assert (ROOT / test).exists()


def written(kind: str, source: str) -> bool:
    """Return whether the source writes a kind, in full or as what stands before and after a point."""
    before, _, after = kind.partition(".")
    made = rf'f"{before}\.\{{|f"\{{\w+\}}\.{after}"' if after else "$^"
    return bool(re.search(rf'"{re.escape(kind)}"|{made}', source))
