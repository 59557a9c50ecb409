"""What a truth rests on: its standard, marked where somebody made it with the product's result in view. Pure.

A figure held against a marked truth, or against a labeller's reading of reports, tells how far two agree and no more.
"""

from __future__ import annotations

from monitoring.cases.facts import TruthFact

IN_VIEW = "+ai"

SIGNED = frozenset({"report_human"})
"""Reports that a reader signed in routine: independent only where it is known that the product was out of view."""

READINGS = frozenset({"panel", "single_expert", "core_laboratory", "second_modality", "clinical"})
"""Judgements made for the truth: in view only where it is said so."""

OUT_OF_VIEW = frozenset({"none", "after_locked_read"})

MARKED = tuple(f"{standard}{IN_VIEW}" for standard in sorted(SIGNED | READINGS))


def reference_of(truth: TruthFact | None, *, exposure: str) -> str:
    """Return the standard of a truth, marked where it was made with the product in view.

    `exposure` is that of the final read of the same finding, empty where it is not known. Of a signed report nothing
    said counts as in view: that the product was hidden has to be said, by the truth or by the read.
    """
    if truth is None:
        return ""
    in_view = truth.blinded_to_ai is False
    if truth.standard in SIGNED and truth.blinded_to_ai is None:
        in_view = exposure not in OUT_OF_VIEW
    return f"{truth.standard}{IN_VIEW}" if in_view and truth.standard in SIGNED | READINGS else truth.standard


def standard_of(reference: str) -> str:
    return reference.removesuffix(IN_VIEW)
