"""How sentences speak of a finding, in English and German, by hand-made sentences of known meaning."""

import re

import pytest

from inference.messages.report_text import AFFIRMED, DENIED, SPOKEN_OF, UNSURE, mentions_of

EFFUSION = re.compile(r"\b(?:effusions?|erg(?:uss|uß)\w*|pleuraerg\w+)\b", re.IGNORECASE)


def stances(text):
    return [mention.stance for mention in mentions_of(text, EFFUSION)]


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("There is a small left effusion.", AFFIRMED),
        ("No effusion.", DENIED),
        ("No pneumothorax or effusion is seen.", DENIED),
        ("No focal consolidation, pneumothorax, or large pleural effusion.", DENIED),
        ("The lungs are clear without evidence of effusion", DENIED),
        ("Effusion is not seen.", DENIED),
        ("No pneumothorax but a large effusion.", AFFIRMED),
        ("No change in the effusion.", AFFIRMED),
        ("There may be a small effusion.", UNSURE),
        ("Effusion cannot be excluded.", UNSURE),
        ("Possible small effusion versus thickening.", UNSURE),
        ("History of effusion.", SPOKEN_OF),
        ("Kein Pleuraerguss.", DENIED),
        ("Kleiner Pleuraerguß links.", AFFIRMED),
        ("Keine Infiltrate, jedoch Erguss rechts.", AFFIRMED),
        ("Verdacht auf Pleuraerguss.", UNSURE),
        ("Ein Pleuraerguss ist nicht nachweisbar.", DENIED),
    ],
)
def test_a_sentence_affirms_denies_or_is_unsure(text, stance):
    assert stances(text) == [stance]


def test_what_was_asked_is_no_answer():
    assert stances("Indication: effusion?\nNo effusion.") == [DENIED]


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("Left effusion, right lung clear.", ("L",)),
        ("Clear left lung and effusion on the right.", ("R",)),
        ("Bilateral effusions.", ("L", "R")),
        ("Effusion.", ()),
        ("Pleuraerguss beidseits.", ("L", "R")),
    ],
)
def test_the_nearest_side_is_the_findings(text, sides):
    assert mentions_of(text, EFFUSION)[0].sides == sides
