"""Labels of an imperfect labeller: its measured errors, and figures put right for them beside their own value.

A labeller reads reports, by rule or by model; a truth of standard `report_labeller` names it in its attribute
`labeller`. It is measured against adjudicated truth of the same study, finding and region.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.fields.json import KT

from inference.registry.vocabulary import STANDARDS
from inference.truth.models import Truth
from monitoring.cases.fetching import fetch
from monitoring.cases.slicing import UNKNOWN
from monitoring.performance.gathering import COLUMN_OF, case_rows, needs_facts
from monitoring.performance.missing import Labeller
from monitoring.performance.questions import Figure, Question
from monitoring.performance.references import LABELLER, is_agreement
from monitoring.performance.scopes import Scope
from monitoring.statistics import proportions
from monitoring.statistics.imperfect_reference import RATES, LabelledCalls, corrected_area, corrected_rates
from monitoring.statistics.results import Estimate, NotEstimable

ADJUDICATED = STANDARDS[: STANDARDS.index("clinical")]
"""The standards that a labeller is measured against: those that rest on more than a report."""

UNNAMED = "unnamed"
MEASURED = """
    WITH live AS NOT MATERIALIZED (
        SELECT f.study_id, f.region, f.standard, f.value, f.determined_at, f.attributes->>'labeller' AS labeller
        FROM inference_truth f JOIN audit_entry e ON e.id = f.entry_id
        WHERE f.finding = %b AND f.site_id = ANY(%b) AND f.value IN ('positive', 'negative') AND NOT EXISTS (
            SELECT 1 FROM inference_truth a WHERE a.amends = e.uid AND a.amends <> '' AND a.site_id = f.site_id)
    )
    SELECT coalesce(l.labeller, ''), r.value = 'positive', l.value = r.value, count(*)
    FROM live l JOIN LATERAL (
        SELECT value FROM live r WHERE r.study_id = l.study_id AND r.region = l.region AND r.standard = ANY(%b)
        ORDER BY array_position(%b::text[], r.standard::text), r.determined_at DESC LIMIT 1
    ) r ON true
    WHERE l.standard = 'report_labeller' GROUP BY 1, 2, 3
"""
PAST = "the correction is made for what is known today"
IN_VIEW = "reports that were signed with the product in view cannot be put right"


def labellers_of(scope: Scope) -> dict[str, Labeller]:
    """Return the labellers of a concept, as measured at the sites in question."""
    sites = sorted({each.site_key for each in scope.settings.values()}) or [scope.site]
    counts: dict[str, dict[bool, list[int]]] = defaultdict(lambda: {True: [0, 0], False: [0, 0]})
    for key, positive, right, number in fetch(
        MEASURED, scope.finding.concept, sites, list(ADJUDICATED), list(ADJUDICATED)
    ):
        counts[key or UNNAMED][positive][1] += number
        counts[key or UNNAMED][positive][0] += number if right else 0
    return {
        key: Labeller(
            key=key,
            sensitivity=(found[True][0], found[True][1]),
            specificity=(found[False][0], found[False][1]),
        )
        for key, found in sorted(counts.items())
    }


@dataclass(slots=True, kw_only=True)
class Labelled:
    """The decisions on the cases of one slice, by what labelled them ("" is the truth) and by both states."""

    cells: dict[str, dict[tuple[str, str], int]]
    in_view: bool = False

    def strata(self, known: Mapping[str, Labeller]) -> list[LabelledCalls] | NotEstimable:
        found = []
        for key, cells in self.cells.items():
            labeller = known.get(key)
            if key and (labeller is None or not labeller.is_measured):
                return NotEstimable(f"the errors of the labeller {key} were never measured on both classes")
            found.append(calls(cells, labeller))
        return found


def calls(cells: Mapping[tuple[str, str], int], labeller: Labeller | None) -> LabelledCalls:
    return LabelledCalls(
        both=cells.get(("positive", "positive"), 0),
        product_only=cells.get(("positive", "negative"), 0),
        labeller_only=cells.get(("negative", "positive"), 0),
        neither=cells.get(("negative", "negative"), 0),
        sensitivity=labeller.sensitivity if labeller else 1.0,
        specificity=labeller.specificity if labeller else 1.0,
    )


def labelled_cases(question: Question, scope: Scope) -> dict[str, Labelled]:
    """Return the labelled cases of a question by slice, counted in the database."""
    by = question.by
    cut = COLUMN_OF.get(by) or (f"slices__{by}" if by else "rule")
    named = Truth.objects.filter(pk=OuterRef("truth_id")).values(key=KT("attributes__labeller"))
    rows = (
        case_rows(question, scope)
        .filter(excluded="", truth__in=("positive", "negative"), decision__in=("positive", "negative"))
        .annotate(cut=F(cut), labeller=Subquery(named[:1]))
        .values_list("cut", "truth_reference", "labeller", "decision", "truth")
        .annotate(number=Count("id"))
    )
    found: dict[str, Labelled] = {}
    for value, reference, labeller, decision, truth, number in rows:
        here = found.setdefault((value or UNKNOWN) if by else "", Labelled(cells={}))
        key = (labeller or UNNAMED) if reference == LABELLER else ""
        here.in_view = here.in_view or (is_agreement(reference) and not key)
        cells = here.cells.setdefault(key, {})
        cells[decision, truth] = cells.get((decision, truth), 0) + number
    return found


def with_corrections(
    figures: Iterable[Figure], *, question: Question, scope: Scope, known: Mapping[str, Labeller]
) -> list[Figure]:
    """Return figures with what they would be against the truth, where a labeller gave (some of) their labels."""
    figures = list(figures)
    wanted = [each for each in figures if LABELLER in each.reference and each.metric in (*RATES, "auc")]
    if not wanted:
        return figures
    if needs_facts(question, scope):
        return [replace(each, corrected=NotEstimable(PAST)) if each in wanted else each for each in figures]
    cases = labelled_cases(question, scope)
    return [
        replace(each, corrected=corrected(each, cases.get(next(iter(each.slice.values()), "")), known))
        if each in wanted
        else each
        for each in figures
    ]


def corrected(figure: Figure, cases: Labelled | None, known: Mapping[str, Labeller]) -> Estimate | NotEstimable:
    if cases is None or not isinstance(figure.outcome, Estimate):
        return NotEstimable("no case with a decision and a label")
    if cases.in_view:
        return NotEstimable(IN_VIEW)
    strata = cases.strata(known)
    if isinstance(strata, NotEstimable):
        return strata
    if figure.metric == "auc":
        return area_of(figure.outcome, strata)
    return corrected_rates(strata, design_effect=design_effect(figure.outcome))[figure.metric]


def area_of(outcome: Estimate, strata: list[LabelledCalls]) -> Estimate | NotEstimable:
    if len(strata) > 1:
        return NotEstimable("an area is put right for one labeller, and here are several")
    only = strata[0]
    return corrected_area(
        outcome,
        labelled_positive=only.both + only.labeller_only,
        labelled_negative=only.product_only + only.neither,
        sensitivity=only.sensitivity,
        specificity=only.specificity,
    )


def design_effect(outcome: Estimate) -> float:
    """Return how much wider the figure's interval is, squared, than that of as many independent cases."""
    plain = proportions.wilson(round(outcome.value * outcome.cases), outcome.cases)
    if isinstance(plain, NotEstimable):
        return 1.0
    return max(1.0, (outcome.interval.width / plain.interval.width) ** 2)
