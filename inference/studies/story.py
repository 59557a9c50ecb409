"""Every fact about one study, of whatever kind, with its entry: what a case page and a timeline show.

Fact tables are found as subclasses of StudyFact, so this subject need not
know those above it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from inference.studies.models import Study, StudyFact

Story = Mapping[str, Sequence[Any]]


def story_of(study: Study) -> Story:
    """Return the study's facts by kind of fact (`inference`, `event`, `read` …), each kind in order of receipt.

    What names a run of the study belongs to it too, though it came before the
    run did and could not be joined then.
    """
    facts: dict[str, list[Any]] = {}
    for fact in _load(_runs_first(StudyFact.__subclasses__()), study=study, facts=facts):
        facts.setdefault(fact.entry.kind, []).append(fact)
    return facts


def _runs_first(tables: Iterable[type[StudyFact]]) -> list[type[StudyFact]]:
    return sorted(tables, key=lambda table: (_names_runs(table), table.__name__))


def _names_runs(table: type[StudyFact]) -> bool:
    return any(field.name == "inference_uid" for field in table._meta.get_fields())


def _load(tables: Iterable[type[StudyFact]], *, study: Study, facts: Story) -> Iterable[Any]:
    for table in tables:
        yield from _of_study(table, study=study, runs=facts.get("inference", ())).select_related("entry").order_by("pk")


def _of_study(table: type[StudyFact], *, study: Study, runs: Sequence[Any]) -> QuerySet[Any]:
    reach = Q(study=study)
    if _names_runs(table):
        for run in runs:
            reach |= Q(study=None, deployment_id=run.deployment_id, inference_uid=run.entry.uid)
    return table.with_parts(table.objects.filter(reach))  # type: ignore[attr-defined]


def amended(facts: Iterable[Any]) -> set[str]:
    """Return the names (entry uids) of the facts that a later one amends."""
    return {fact.amends for fact in facts if fact.amends}
