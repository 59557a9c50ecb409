"""Every kind of act that the log must hold is named by the product's code: the list, walked over the source.

That each is written at the right moment is tested beside the act; here none may vanish from the code unnoticed.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# What the log must hold, and the words under which the product records it.
ACTS = {
    "log-in": r'"logged_in"',
    "failed log-in": r'"log_in_failed"',
    "export": r'"package\.exported"',
    "key": r'"key\.created"',
    "key rotated": r'"key\.rotated"',
    "key given up": r'"key\.compromised"',
    "registration and configuration": r'kind="registration"',
    "monitor design": r'"monitor\.designed"',
    "signal raised": r'"signal\.raised"',
    "signal acknowledged": r'"signal\.acknowledged"',
    "signal closed": r'"signal\.closed"',
    "correction": r'kind="correction"',
    "identity resolved": r'"identifier\.opened"',
    "re-scoring": r'"rescore\.started"',
    "claim switched": r'"claim\.switched_on"',
    "label plan": r'"label_plan\.drawn"',
    "signature": r'kind="signature"',
    "erasure": r'kind="erasure"',
    "witness": r'"witness\.registered"',
    "verification": r'"log\.verified"',
    "case opened": r'what="case"',
    "image opened": r'what="image"',
    "a named reader's figures seen": r'"reader_figures\.seen"',
    "permission changed": r'"grant_added"',
    "rule changed": r'"rule\.switched_on"',
}


@pytest.fixture(scope="module")
def source():
    files = [path for name in ("audit", "inference", "monitoring") for path in (ROOT / name).rglob("*.py")]
    return "\n".join(path.read_text() for path in files if "migrations" not in path.parts)


@pytest.mark.parametrize("act", sorted(ACTS))
def test_an_act_of_the_list_is_recorded(source, act):
    assert re.search(ACTS[act], source)
