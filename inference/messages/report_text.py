"""How a report's sentence speaks of a finding: affirmed, denied, or unsure. Pure.

NegEx (Chapman et al., J Biomed Inform 34:301, 2001): cues before or after the
finding within a scope that ends at a conjunction; pseudo-cues that deny nothing
are taken out first. English and German cues; a site adds its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from inference.messages.pattern_cost import LONGEST_TEXT

AFFIRMED, DENIED, UNSURE, SPOKEN_OF = "affirmed", "denied", "unsure", "spoken of"
SCOPE_WORDS = 8

PSEUDO = (
    "no increase", "no change", "no significant change", "no interval change", "not only", "no further",
    "without change", "gram negative", "keine änderung", "keine zunahme", "unverändert", "nicht nur",
)  # fmt: skip
BEFORE = (
    "no", "not", "without", "denies", "negative for", "free of", "absence of", "no evidence of", "rule out",
    "ruled out for", "clear of", "fails to reveal", "never", "nor", "resolution of", "resolved", "neither", "kein",
    "keine", "keinen", "keiner", "keinerlei", "ohne", "nicht", "ausschluss", "frei von", "weder", "noch",
)  # fmt: skip
AFTER = (
    "is absent", "are absent", "not seen", "not identified", "not present", "not visualized", "is ruled out",
    "are ruled out", "has resolved", "have resolved", "is excluded", "unlikely", "nicht nachweisbar",
    "nicht erkennbar", "ausgeschlossen", "nicht vorhanden", "nicht abgrenzbar",
)  # fmt: skip
UNSURE_BEFORE = (
    "possible", "possibly", "probable", "probably", "may represent", "may be", "might be", "suspicious for",
    "suspected", "questionable", "cannot exclude", "cannot rule out", "could represent", "could be", "concern for",
    "versus", "likely", "suggestive of", "suggesting", "not excluded", "borderline", "möglicherweise",
    "verdacht auf", "v a", "vd auf", "fraglich", "fragliche", "nicht auszuschließen",
)  # fmt: skip
UNSURE_AFTER = ("cannot be excluded", "not excluded", "is possible", "is suspected", "nicht auszuschließen", "möglich")
ENDS = (
    "but", "however", "although", "though", "aside from", "except", "apart from", "other than", "which", "yet",
    "nevertheless", "aber", "jedoch", "sondern", "außer", "allerdings", "bis auf",
)  # fmt: skip
ONLY_SPOKEN_OF = (
    "history of",
    "evaluate for",
    "rule out",
    "to exclude",
    "r o",
    "frage nach",
    "ausschluss",
    "zustand nach",
)
ASKED = re.compile(
    r"^\W*(indication|clinical\w*( \w+)?|history|reason( for exam\w*)?|comparison|technique"
    r"|fragestellung|klinik|anamnese)\s*:",
    re.I,
)
WORD = re.compile(r"[^\W_]+")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜ0-9])|\n+|;")
LEFT = re.compile(r"\b(left|links|linke[rsn]?|linksseitig\w*)\b", re.I)
RIGHT = re.compile(r"\b(right|rechts|rechte[rsn]?|rechtsseitig\w*)\b", re.I)
BOTH = re.compile(r"\b(bilateral\w*|both|beidseit\w*|beidseits|bds)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place where a finding is spoken of, how, and on which sides; `start` and `end` are places in the text."""

    stance: str
    sides: tuple[str, ...]
    start: int
    end: int


def mentions_of(text: str, pattern: re.Pattern[str]) -> list[Mention]:
    """Return every mention of a pattern, sentence by sentence. What was asked is no answer and counts for nothing."""
    return [
        Mention(
            stance=stance_at(sentence, match.start(), match.end()),
            sides=sides_in(sentence, match.start(), match.end()),
            start=offset + match.start(),
            end=offset + match.end(),
        )
        for offset, sentence in sentences(text)
        if not ASKED.match(sentence)
        for match in pattern.finditer(sentence)
        if match.group().strip()
    ]


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield each sentence with its place in the text; an endless one is cut between words, so that patterns end."""
    start = 0
    for end, after in (*((gap.start(), gap.end()) for gap in SENTENCE.finditer(text)), (len(text), len(text))):
        while end - start > LONGEST_TEXT:
            gap = text.rfind(" ", start + 1, start + LONGEST_TEXT)
            cut = gap if gap > 0 else start + LONGEST_TEXT
            yield start, text[start:cut]
            start = cut
        if text[start:end].strip():
            yield start, text[start:end]
        start = after


def stance_at(sentence: str, start: int, end: int) -> str:
    before, after = scope_before(sentence[:start]), scope_after(sentence[end:])
    if holds(before, UNSURE_BEFORE) or holds(after, UNSURE_AFTER):
        return UNSURE
    if holds(before, ONLY_SPOKEN_OF):
        return SPOKEN_OF
    return DENIED if holds(before, BEFORE) or holds(after, AFTER) else AFFIRMED


def scope_before(text: str) -> str:
    """Return the words in front that can reach the finding: up to the last conjunction, and not too many."""
    plain = without_pseudo(plain_words(text))
    ends = [found.end() for end in ENDS for found in re.finditer(rf"(?<= ){re.escape(end)} ", plain)]
    words = plain[max(ends, default=0) :].split()
    return f" {' '.join(words[-SCOPE_WORDS * 2 :] if is_list(text) else words[-SCOPE_WORDS:])} "


def is_list(text: str) -> bool:
    """Return whether things are listed, over which a denial reaches further: no a, b, or c."""
    return text.count(",") > 0


def scope_after(text: str) -> str:
    plain = without_pseudo(plain_words(re.split(r"[,:]", text, maxsplit=1)[0]))
    starts = [found.start() for end in ENDS for found in re.finditer(rf"(?<= ){re.escape(end)} ", plain)]
    words = plain[: min(starts, default=len(plain))].split()
    return f" {' '.join(words[:SCOPE_WORDS])} "


def plain_words(text: str) -> str:
    return f" {' '.join(WORD.findall(text.lower()))} "


def without_pseudo(plain: str) -> str:
    for cue in PSEUDO:
        plain = plain.replace(f" {cue} ", " ")
    return plain


def holds(scope: str, cues: tuple[str, ...]) -> bool:
    return any(f" {cue} " in scope for cue in cues)


def sides_in(sentence: str, start: int, end: int) -> tuple[str, ...]:
    """Return the sides that stand nearest to the finding in its sentence; none if none is named."""
    if BOTH.search(sentence):
        return ("L", "R")
    places = [
        (distance(found, start, end), side)
        for side, form in (("L", LEFT), ("R", RIGHT))
        for found in form.finditer(sentence)
    ]
    return (min(places)[1],) if places else ()


def distance(found: re.Match[str], start: int, end: int) -> int:
    return max(start - found.end(), found.start() - end, 0)
