"""Takes out of a report what could name somebody before its text is shown to a language model. Pure.

What the message itself says of the patient and the readers goes by value, all
else by form: dates, times, long numbers, e-mail addresses, titles with a name.
Too much taken out costs a label; too little would cost a patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

GONE = "[removed]"
FORMS = (
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
    re.compile(r"\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b"),
    re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b"),
    re.compile(r"\b(?:\d+\.){3,}\d+\b"),
    re.compile(r"\b(?=\w*\d)[A-Z0-9-]{6,}\b", re.IGNORECASE),
    re.compile(r"\+?\d[\d\s/()-]{6,}\d"),
    re.compile(
        r"\b(?:Dr|Mr|Mrs|Ms|Prof|Herrn?|Frau|Patient(?:in)?|Doctor)\b\.?\s*(?:med\b\.?\s*)?(?-i:[A-ZÄÖÜ][\w'’-]+)(?:\s+(?-i:[A-ZÄÖÜ][\w'’-]+))?",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:January|February|March|April|June|July|August|September|October|November|December)\s+\d{1,2}(?:,?\s+\d{4})?\b"
    ),
    re.compile(r"\b(?:born|geb(?:oren)?|DOB)\b\.?:?\s*\S+(?:\s+\S+)?", re.IGNORECASE),
)
SHORTEST_VALUE = 3


def scrubbed(text: str, *, known: Iterable[str] = ()) -> str:
    """Return the text without the values that are known and without what looks like an identifier."""
    values = sorted({each.strip() for each in known if len(each.strip()) >= SHORTEST_VALUE}, key=len, reverse=True)
    for value in values:
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", GONE, text, flags=re.IGNORECASE)
    for form in FORMS:
        text = form.sub(GONE, text)
    return text
