"""Facts of many studies at once, as the plain values that counting takes. A fixed number of queries a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from inference.events.models import Event
from inference.reads.models import Read
from inference.results.models import Inference, Prediction
from inference.studies.models import Study
from inference.truth.models import Truth
from monitoring.cases.corrections import corrections_of
from monitoring.cases.facts import EventFact, PredictionFact, ReadFact, RunFact, StudyFacts, TruthFact

Ids = Sequence[UUID]
Groups = Mapping[UUID, Sequence[Any]]

TIMES = ("entry__uid", "received_at", "known_at")
RUN = (
    "study_id", "id", *TIMES, "deployment_id", "version", "mode", "status", "level", "purpose", "acquired_at",
    "started_at", "finished_at", "flags", "inputs", "described",
)  # fmt: skip
PREDICTION = ("inference_id", "finding", "region", "score", "threshold", "decision", "category", "measurement")
EVENT = ("study_id", *TIMES, "amends", "kind", "at", "inference_uid")
READ = (
    "study_id", "id", *TIMES, "amends", "finding", "region", "reader", "stage", "ai_exposure", "decision", "category",
    "measurement", "marks", "read_at",
)  # fmt: skip
TRUTH = (
    "study_id", "id", *TIMES, "amends", "finding", "region", "value", "category", "measurement", "marks", "standard",
    "certainty", "observed_until", "determined_at",
)  # fmt: skip


def load_studies(
    studies: Ids, *, findings: Collection[str] | None = None, concepts: Collection[str] | None = None
) -> list[StudyFacts]:
    """Return the facts of these studies; of their predictions, reads and truths only those asked for."""
    rows = Study.objects.filter(pk__in=studies).select_related("site")
    found = list(rows.only("person_id", "acquired_at", "described", "site__organisation", "site__timezone"))
    runs = load_runs(studies, findings=findings)
    parts: dict[str, Groups] = {
        "runs": runs,
        "events": load_events(studies, runs=runs),
        "reads": load_reads(studies, concepts=concepts),
        "truths": load_truths(studies, concepts=concepts),
        "corrections": corrections_of({study.pk: study.person_id for study in found}),
    }
    return [
        StudyFacts(
            study=study.pk,
            person=study.person_id,
            site=study.site_id,
            organisation=study.site.organisation_id,
            timezone=study.site.timezone,
            acquired_at=study.acquired_at,
            described=study.described,
            **{name: groups.get(study.pk, ()) for name, groups in parts.items()},
        )
        for study in sorted(found, key=lambda each: each.pk)
    ]


def load_runs(studies: Ids, *, findings: Collection[str] | None) -> dict[UUID, list[RunFact]]:
    rows = list(Inference.objects.filter(study_id__in=studies).order_by("id").values_list(*RUN))
    said = load_predictions([row[1] for row in rows], findings=findings)
    runs: dict[UUID, list[RunFact]] = defaultdict(list)
    for row in rows:
        runs[row[0]].append(run_fact(*row[1:], predictions=tuple(said.get(row[1], ()))))
    return runs


def load_predictions(inferences: Sequence[int], *, findings: Collection[str] | None) -> dict[int, list[PredictionFact]]:
    rows = Prediction.objects.filter(inference_id__in=inferences)
    if findings is not None:
        rows = rows.filter(finding__in=findings)
    said: dict[int, list[PredictionFact]] = defaultdict(list)
    for inference, finding, region, score, threshold, decision, category, measurement in rows.values_list(*PREDICTION):
        said[inference].append(
            PredictionFact(
                finding=finding,
                region=region,
                score=score,
                threshold=threshold,
                decision=decision,
                category=category,
                measurement=measurement,
            )
        )
    for parts in said.values():
        parts.sort(key=lambda part: (part.finding, part.region))
    return said


def run_fact(
    pk: int, uid: str, received: Any, known: Any, deployment: str, version: str, mode: str, status: str, level: str,
    purpose: str, acquired_at: Any, started_at: Any, finished_at: Any, flags: list[str], inputs: Any, described: Any,
    *, predictions: tuple[PredictionFact, ...],
) -> RunFact:  # fmt: skip
    return RunFact(
        id=pk,
        uid=uid,
        received=received,
        known=known or received,
        deployment=deployment,
        version=version,
        mode=mode,
        status=status,
        level=level,
        purpose=purpose,
        acquired_at=acquired_at,
        ran_at=finished_at or started_at or known or received,
        flags=frozenset(flags),
        inputs=inputs,
        described=described,
        predictions=predictions,
    )


def load_events(studies: Ids, *, runs: Mapping[UUID, Iterable[RunFact]]) -> dict[UUID, list[EventFact]]:
    """Return the events of the studies and of their runs, those that came before their run included."""
    of_run = {run.uid: study for study, group in runs.items() for run in group}
    early = Event.objects.filter(
        study__isnull=True,
        deployment_id__in={run.deployment for group in runs.values() for run in group},
        inference_uid__in=list(of_run),
    )
    rows = [*Event.objects.filter(study_id__in=studies).values_list(*EVENT)]
    rows += [(of_run[row[-1]], *row[1:]) for row in early.values_list(*EVENT)]
    events: dict[UUID, list[EventFact]] = defaultdict(list)
    for study, elsewhere, row in [*((row[0], False, row) for row in rows), *amending(Event, EVENT, rows, uid_at=1)]:
        _, uid, received, known, amends, kind, at, inference_uid = row
        events[study].append(
            EventFact(
                uid=uid,
                received=received,
                known=known or received,
                amends=amends,
                elsewhere=elsewhere,
                kind=kind,
                at=at,
                inference_uid=inference_uid,
            )
        )
    return events


def load_reads(studies: Ids, *, concepts: Collection[str] | None) -> dict[UUID, list[ReadFact]]:
    rows = list(of_concepts(Read.objects.filter(study_id__in=studies), concepts).values_list(*READ))
    reads: dict[UUID, list[ReadFact]] = defaultdict(list)
    for study, elsewhere, row in [*((row[0], False, row) for row in rows), *amending(Read, READ, rows)]:
        _, pk, uid, received, known, amends, finding, region, reader, stage, exposure, decision, *rest = row
        category, measurement, marks, read_at = rest
        reads[study].append(
            ReadFact(
                id=pk,
                uid=uid,
                received=received,
                known=known or received,
                amends=amends,
                elsewhere=elsewhere,
                finding=finding,
                region=region,
                reader=reader,
                stage=stage,
                ai_exposure=exposure,
                decision=decision,
                category=category,
                measurement=measurement,
                has_marks=bool(marks),
                read_at=read_at,
            )
        )
    return reads


def load_truths(studies: Ids, *, concepts: Collection[str] | None) -> dict[UUID, list[TruthFact]]:
    rows = list(of_concepts(Truth.objects.filter(study_id__in=studies), concepts).values_list(*TRUTH))
    truths: dict[UUID, list[TruthFact]] = defaultdict(list)
    for study, elsewhere, row in [*((row[0], False, row) for row in rows), *amending(Truth, TRUTH, rows)]:
        _, pk, uid, received, known, amends, finding, region, value, category, measurement, marks, *rest = row
        standard, certainty, observed_until, determined_at = rest
        truths[study].append(
            TruthFact(
                id=pk,
                uid=uid,
                received=received,
                known=known or received,
                amends=amends,
                elsewhere=elsewhere,
                finding=finding,
                region=region,
                value=value,
                category=category,
                measurement=measurement,
                has_marks=bool(marks),
                standard=standard,
                certainty=certainty,
                observed_until=observed_until,
                determined_at=determined_at,
            )
        )
    return truths


def of_concepts(rows: QuerySet[Any], concepts: Collection[str] | None) -> QuerySet[Any]:
    return rows if concepts is None else rows.filter(finding__in=concepts)


def amending(
    table: type[Model], columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], *, uid_at: int = 2
) -> list[tuple[UUID, bool, tuple[Any, ...]]]:
    """Return the facts elsewhere that amend one of these, each with the study whose fact it takes away."""
    study_of = {row[uid_at]: row[0] for row in rows}
    own = {row[uid_at] for row in rows}
    if not study_of:
        return []
    others = table._default_manager.filter(amends__in=list(study_of)).exclude(amends="")
    found = others.values_list(*columns)
    amends_at = columns.index("amends")
    return [
        (study_of[row[amends_at]], True, row)
        for row in found
        if row[uid_at] not in own or study_of[row[uid_at]] != study_of[row[amends_at]]
    ]
