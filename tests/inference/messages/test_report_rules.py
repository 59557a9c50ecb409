"""Rules on codes, values and texts; and the rules' own error on 3,955 real reports with human codes."""

import importlib.util
import tarfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.messages.hl7_rows import Coded, Report
from inference.messages.report_rules import BY_SIDE, Rule, RuleError, compiled, read_report


def report(text="", *, observations=()):
    return Report(
        patient=None, accession_number="A1", study_uid="", procedure="", status="F", at=None, reader="R7", text=text,
        observations=tuple(observations),
    )  # fmt: skip


def said(reading):
    return {(label.rule.finding, label.region): (label.value, label.certainty) for label in reading.labels}


EFFUSION = Rule(key="1", finding="effusion", pattern=r"(pleural )?effusions?")


def test_a_text_rule_takes_sides_and_denials_from_the_words():
    rule = Rule(key="1", finding="effusion", pattern="effusions?", region=BY_SIDE)

    assert said(read_report(report("Bilateral effusions."), [rule])) == {
        ("effusion", "L"): ("positive", "probable"), ("effusion", "R"): ("positive", "probable"),
    }  # fmt: skip
    assert said(read_report(report("No effusion."), [rule])) == {("effusion", ""): ("negative", "probable")}


def test_an_unsure_word_lowers_the_certainty_and_a_sure_one_stands_over_it():
    assert said(read_report(report("Possible effusion."), [EFFUSION])) == {("effusion", ""): ("positive", "possible")}
    both = report("Possible effusion on the lateral view.\nSmall effusion.")
    assert said(read_report(both, [EFFUSION])) == {("effusion", ""): ("positive", "probable")}


def test_a_report_that_contradicts_itself_is_left_to_a_person():
    reading = read_report(report("Small effusion.\nNo effusion."), [EFFUSION])

    assert reading.ambiguous == ("effusion",) and not reading.labels and not reading.is_clear


def test_codes_match_by_answer_and_by_range_and_unit():
    absent = Rule(key="1", finding="effusion", code="60046008", answer="2667000", value="negative")
    low = Rule(key="2", finding="heart_failure", code="18043-0", high=40, unit="%")
    observed = [Coded(code="60046008", name="", value="2667000"), Coded(code="18043-0", name="", value="35", unit="%")]

    assert said(read_report(report(observations=observed), [absent, low])) == {
        ("effusion", ""): ("negative", "probable"), ("heart_failure", ""): ("positive", "probable"),
    }  # fmt: skip
    for value, unit in (("55", "%"), ("0.35", "1"), ("many", "%")):
        assert not read_report(
            report(observations=[Coded(code="18043-0", name="", value=value, unit=unit)]), [low]
        ).labels


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "a code or for a text"),
        ({"code": "1", "pattern": "a"}, "one of the two"),
        ({"pattern": "("}, "no regular expression"),
        ({"pattern": "a*"}, "nothing at all"),
        ({"pattern": "(a+)+b"}, "can take for ever"),
        ({"pattern": "a" * 501}, "longer than"),
        ({"code": "1", "low": 2, "high": 1}, "range of values is empty"),
    ],
)
def test_a_rule_that_cannot_be_used_says_why(values, why):
    with pytest.raises(RuleError, match=why):
        Rule(key="1", finding="effusion", **values)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text):
    read_report(report(text), [EFFUSION])


# Pattern of the rule, and the human's code: first part of a MeSH heading of the collection.
INDIANA = {
    "effusion": (r"(pleural )?(effusions?|fluid)", "Pleural Effusion"),
    "pneumothorax": (r"(hydro)?pneumothora(x|ces)", "Pneumothorax"),
    "atelectasis": (r"atelecta(sis|tic)", "Pulmonary Atelectasis"),
}


def indiana():
    found = importlib.util.find_spec("torchxrayvision")
    path = Path(found.origin).parent / "data" / "NLMCXR_reports.tgz" if found and found.origin else Path("nowhere")
    if not path.exists():
        pytest.skip("torchxrayvision, which ships the Indiana reports, is not installed")
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.endswith(".xml"):
                root = ET.parse(archive.extractfile(member)).getroot()
                parts = [
                    each.text or ""
                    for each in root.iter("AbstractText")
                    if each.get("Label") in ("FINDINGS", "IMPRESSION")
                ]
                yield "\n".join(parts), {(each.text or "").split("/")[0] for each in root.iter("major")}


@pytest.mark.slow
def test_rules_read_the_indiana_reports_nearly_as_people_coded_them():
    rules = [Rule(key=name, finding=name, pattern=pattern) for name, (pattern, _) in INDIANA.items()]
    cells, reports, waiting = Counter(), 0, 0
    for text, codes in indiana():
        reports += 1
        reading = read_report(report(text), rules)
        waiting += bool(reading.ambiguous)
        values = {label.rule.finding: label for label in reading.labels}
        for name, (_, code) in INDIANA.items():
            positive = name in values and values[name].value == "positive" and values[name].certainty != "possible"
            cells[name, code in codes, positive] += name not in reading.ambiguous

    assert reports == 3955 and waiting < 0.01 * reports
    for name in INDIANA:
        sensitivity = cells[name, True, True] / (cells[name, True, True] + cells[name, True, False])
        specificity = cells[name, False, False] / (cells[name, False, True] + cells[name, False, False])
        assert sensitivity > 0.85 and specificity > 0.985


def test_a_pattern_matches_whole_words_in_any_case():
    assert compiled("nodules?").search("Two NODULES") and not compiled("nodules?").search("nodularity")
