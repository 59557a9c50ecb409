"""The manual explains every sentence that the verifier can say."""

import ast
import re
from pathlib import Path

import pytest

from audit.packages.bundling import ROOT

SAYING = {"wrong", "_wrong", "_end", "UnreadableError", "TileError", "NoteError"}
MANUAL = " ".join((ROOT / "docs" / "verifier.md").read_text().split())


def sentences():
    for file in sorted((ROOT / "audit" / "verification").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if file.name != "monitor.py" and isinstance(node, ast.Call) and node.args:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in SAYING:
                    yield from ((file.name, part) for part in longest(node.args[-1]))


def longest(node):
    """Return the longest piece of fixed words in a sentence."""
    pieces = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    words = [piece for text in pieces for piece in re.split(r"[().:]", text) if len(piece.strip()) > 8]
    return [max(words, key=len).strip()] if words else []


@pytest.mark.parametrize(("file", "words"), sorted(set(sentences())))
def test_each_sentence_is_explained(file, words):
    assert words in MANUAL


def test_sentences_are_found():
    assert len(set(sentences())) > 50
    assert Path(ROOT / "docs" / "verifier.md").exists()
