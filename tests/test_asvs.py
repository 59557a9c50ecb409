"""The checklist of OWASP ASVS names every requirement of levels 1 and 2, and nothing that is not there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "asvs.md").read_text()
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (\S[^|]*) \| ([^|]+) \|$", TEXT, re.MULTILINE)
ANSWERS = {"met", "partly", "**not met**", "n/a"}
# How many requirements of level 1 or 2 each section of ASVS 4.0.3 has; the numbers left out are level 3 or withdrawn.
SECTIONS = {
    "1.1": 7, "1.2": 4, "1.4": 3, "1.5": 4, "1.6": 4, "1.7": 2, "1.8": 2, "1.9": 2, "1.10": 1, "1.11": 2, "1.12": 1,
    "1.14": 6, "2.1": 12, "2.2": 3, "2.3": 3, "2.4": 6, "2.5": 7, "2.6": 3, "2.7": 6, "2.8": 7, "2.9": 3, "2.10": 4,
    "3.1": 1, "3.2": 4, "3.3": 4, "3.4": 5, "3.5": 3, "3.7": 1, "4.1": 4, "4.2": 2, "4.3": 3, "5.1": 5, "5.2": 8,
    "5.3": 10, "5.4": 3, "5.5": 4, "6.1": 3, "6.2": 6, "6.3": 2, "6.4": 2, "7.1": 4, "7.2": 2, "7.3": 3, "7.4": 3,
    "8.1": 4, "8.2": 3, "8.3": 8, "9.1": 3, "9.2": 4, "10.2": 2, "10.3": 3, "11.1": 8, "12.1": 3, "12.2": 1, "12.3": 6,
    "12.4": 2, "12.5": 2, "12.6": 1, "13.1": 4, "13.2": 5, "13.3": 2, "13.4": 2, "14.1": 4, "14.2": 6, "14.3": 2,
    "14.4": 7, "14.5": 4,
}  # fmt: skip


def test_every_requirement_of_both_levels_has_an_answer():
    found: dict[str, int] = {}
    for name, *_ in ROWS:
        section = name.rpartition(".")[0]
        found[section] = found.get(section, 0) + 1
    assert found == SECTIONS
    assert len({name for name, *_ in ROWS}) == len(ROWS)
    assert {answer for _, _, answer, _ in ROWS} <= ANSWERS


def test_the_sums_are_those_of_the_rows():
    answers = [answer for _, _, answer, _ in ROWS]
    met, partly, missing, none = (answers.count(each) for each in ("met", "partly", "**not met**", "n/a"))
    said = f"Of {len(ROWS)} requirements {met} are met, {partly} partly, {missing} not; {none} do not apply."
    assert said in TEXT


NAMED = sorted(set(re.findall(r"`([\w./-]+\.\w+|\.ci/run)(?:::(\w+))?`", TEXT)))


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_what_is_named_as_evidence_is_there(path, test):
    if path in ("settings.DEBUG", "JSON.parse"):
        return
    found = ROOT / path
    assert found.exists(), path
    if test:
        assert re.search(rf"^def {test}\(", found.read_text(), re.MULTILINE), f"{path}::{test}"


def test_what_is_met_names_its_evidence_mostly():
    bare = [name for name, _, answer, why in ROWS if answer == "met" and "`" not in why]
    assert len(bare) <= 20, bare
