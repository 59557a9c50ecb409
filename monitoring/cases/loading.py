"""Facts of many studies at once, as the plain values that counting takes. A fixed number of queries a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from monitoring.cases.corrections import corrections_of
from monitoring.cases.exam_loading import Exams, events_by_order, load_exams, orders_of, statements_by_order
from monitoring.cases.facts import EventFact, PredictionFact, ReadFact, RunFact, StudyFacts, TruthFact
from monitoring.cases.fetching import fetch, selected

Ids = Sequence[UUID]
Row = tuple[Any, ...]

STUDIES = """
    SELECT s.id, s.person_id, s.site_id, i.organisation_id, i.timezone, s.acquired_at, s.described,
           i.opt_out_stops_monitoring
    FROM inference_study s JOIN inference_site i ON i.key = s.site_id WHERE s.id = ANY(%b) ORDER BY s.id
"""
PREDICTIONS = """
    SELECT inference_id, finding, region, score, threshold, decision, category, measurement, class_scores, marks
    FROM inference_prediction
    WHERE inference_id = ANY(%b) AND (%b::text[] IS NULL OR finding = ANY(%b)) ORDER BY inference_id, finding, region
"""
TIMES = ("e.uid", "f.received_at", "coalesce(f.known_at, f.received_at)")
RUN = (
    "f.study_id", "f.id", *TIMES, "f.deployment_id", "f.version", "f.mode", "f.status", "f.level", "f.purpose",
    "f.acquired_at", "coalesce(f.finished_at, f.started_at, f.known_at, f.received_at)", "f.flags", "f.inputs",
    "f.described",
)  # fmt: skip
EVENT = ("f.study_id", *TIMES, "f.amends", "f.kind", "f.at", "f.inference_uid")
READ = (
    "f.study_id", *TIMES, "f.amends", "f.id", "f.finding", "f.region", "f.reader", "f.stage", "f.ai_exposure",
    "f.decision", "f.category", "f.measurement", "f.marks", "f.read_at",
)  # fmt: skip
TRUTH = (
    "f.study_id", *TIMES, "f.amends", "f.id", "f.finding", "f.region", "f.value", "f.category", "f.measurement",
    "f.marks", "f.attributes", "f.standard", "f.certainty", "f.blinded_to_ai", "f.observed_until", "f.determined_at",
    "f.level",
)  # fmt: skip
OF_STUDIES = "f.study_id = ANY(%b)"
OF_CONCEPTS = "f.study_id = ANY(%b) AND (%b::text[] IS NULL OR f.finding = ANY(%b))"
EARLY = "f.study_id IS NULL AND f.deployment_id = ANY(%b) AND f.inference_uid = ANY(%b)"
AMENDING = "f.amends = ANY(%b) AND f.amends <> ''"


def load_studies(
    studies: Ids, *, findings: Collection[str] | None = None, concepts: Collection[str] | None = None
) -> list[StudyFacts]:
    """Return the facts of these studies; of their predictions, reads and truths only those asked for."""
    rows, ids = fetch(STUDIES, list(studies)), list(studies)
    runs = load_runs(ids, findings=findings)
    exams = load_exams(ids)
    events = load_events(ids, runs=runs, exams=exams)
    reads = load_reads(ids, concepts=concepts, exams=exams)
    truths = load_truths(ids, concepts=concepts, exams=exams)
    corrections = corrections_of({row[0]: row[1] for row in rows})
    return [
        StudyFacts(
            study=pk,
            person=person,
            site=site,
            organisation=organisation,
            timezone=timezone,
            acquired_at=acquired_at,
            described=described,
            runs=runs.get(pk, ()),
            events=events.get(pk, ()),
            reads=reads.get(pk, ()),
            truths=truths.get(pk, ()),
            corrections=corrections.get(pk, ()),
            exams=exams.of_study.get(pk, ()),
            opt_out_stops_monitoring=opt_out_stops,
        )
        for pk, person, site, organisation, timezone, acquired_at, described, opt_out_stops in rows
    ]


def load_runs(studies: Ids, *, findings: Collection[str] | None) -> dict[UUID, list[RunFact]]:
    rows = fetch(selected("inference_inference", RUN, where=OF_STUDIES, order="f.id"), studies)
    said = load_predictions([row[1] for row in rows], findings=findings)
    runs: dict[UUID, list[RunFact]] = defaultdict(list)
    for row in rows:
        runs[row[0]].append(run_fact(row, predictions=tuple(said.get(row[1], ()))))
    return runs


def load_predictions(inferences: Sequence[int], *, findings: Collection[str] | None) -> dict[int, list[PredictionFact]]:
    wanted = None if findings is None else list(findings)
    said: dict[int, list[PredictionFact]] = defaultdict(list)
    for inference, finding, region, score, threshold, decision, category, measurement, classes, marks in fetch(
        PREDICTIONS, inferences, wanted, wanted
    ):
        prediction = PredictionFact(
            finding=finding,
            region=region,
            score=score,
            threshold=threshold,
            decision=decision,
            category=category,
            measurement=measurement,
            class_scores=classes,
            marks=marks,
        )
        said[inference].append(prediction)
    return said


def run_fact(row: Row, *, predictions: tuple[PredictionFact, ...]) -> RunFact:
    _, pk, uid, received, known, deployment, version, mode, status, level, purpose, acquired_at, ran_at, *rest = row
    flags, inputs, described = rest
    return RunFact(
        id=pk,
        uid=uid,
        received=received,
        known=known,
        deployment=deployment,
        version=version,
        mode=mode,
        status=status,
        level=level,
        purpose=purpose,
        acquired_at=acquired_at,
        ran_at=ran_at,
        flags=frozenset(flags),
        inputs=inputs,
        described=described,
        predictions=predictions,
    )


def load_events(studies: Ids, *, runs: Mapping[UUID, Iterable[RunFact]], exams: Exams) -> dict[UUID, list[EventFact]]:
    """Return the events of the studies and of their runs, those that came before their run included."""
    of_run = {run.uid: study for study, group in runs.items() for run in group}
    deployments = sorted({run.deployment for group in runs.values() for run in group})
    rows = fetch(selected("inference_event", EVENT, where=OF_STUDIES), studies)
    early = fetch(selected("inference_event", EVENT, where=EARLY), deployments, list(of_run)) if of_run else []
    rows += [(of_run[row[-1]], *row[1:]) for row in early]
    of_orders = events_by_order(EVENT, exams=exams)
    rows, orders = rows + exams.spread(of_orders, studies=set(studies)), orders_of(of_orders)
    events: dict[UUID, list[EventFact]] = defaultdict(list)
    for study, elsewhere, (_, uid, received, known, amends, kind, at, inference_uid) in with_amending(
        rows, table="inference_event", columns=EVENT
    ):
        fact = EventFact(
            uid=uid,
            received=received,
            known=known,
            amends=amends,
            elsewhere=elsewhere,
            kind=kind,
            at=at,
            inference_uid=inference_uid,
            order=orders.get(uid),
        )
        events[study].append(fact)
    return events


def load_reads(studies: Ids, *, concepts: Collection[str] | None, exams: Exams) -> dict[UUID, list[ReadFact]]:
    rows = of_concepts("inference_read", READ, studies=studies, concepts=concepts)
    of_orders = statements_by_order("inference_read", READ, exams=exams, concepts=concepts)
    rows, orders = rows + exams.spread(of_orders, studies=set(studies)), orders_of(of_orders)
    reads: dict[UUID, list[ReadFact]] = defaultdict(list)
    for study, elsewhere, row in with_amending(rows, table="inference_read", columns=READ):
        _, uid, received, known, amends, pk, finding, region, reader, stage, exposure, decision, *rest = row
        category, measurement, marks, read_at = rest
        fact = ReadFact(
            id=pk,
            uid=uid,
            received=received,
            known=known,
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
            order=orders.get(uid),
        )
        reads[study].append(fact)
    return reads


def load_truths(studies: Ids, *, concepts: Collection[str] | None, exams: Exams) -> dict[UUID, list[TruthFact]]:
    rows = of_concepts("inference_truth", TRUTH, studies=studies, concepts=concepts)
    of_orders = statements_by_order("inference_truth", TRUTH, exams=exams, concepts=concepts)
    rows, orders = rows + exams.spread(of_orders, studies=set(studies)), orders_of(of_orders)
    truths: dict[UUID, list[TruthFact]] = defaultdict(list)
    for study, elsewhere, row in with_amending(rows, table="inference_truth", columns=TRUTH):
        _, uid, received, known, amends, pk, finding, region, value, category, measurement, marks, *rest = row
        attributes, standard, certainty, blinded, observed_until, determined_at, level = rest
        fact = TruthFact(
            id=pk,
            uid=uid,
            received=received,
            known=known,
            amends=amends,
            elsewhere=elsewhere,
            finding=finding,
            region=region,
            value=value,
            category=category,
            measurement=measurement,
            marks=marks,
            attributes=attributes,
            standard=standard,
            certainty=certainty,
            blinded_to_ai=blinded,
            observed_until=observed_until,
            determined_at=determined_at,
            level=level,
            order=orders.get(uid),
        )
        truths[study].append(fact)
    return truths


def of_concepts(table: str, columns: Sequence[str], *, studies: Ids, concepts: Collection[str] | None) -> list[Row]:
    wanted = None if concepts is None else list(concepts)
    return fetch(selected(table, columns, where=OF_CONCEPTS), studies, wanted, wanted)


def with_amending(rows: Sequence[Row], *, table: str, columns: Sequence[str]) -> Iterator[tuple[UUID, bool, Row]]:
    """Yield the rows by study, then facts elsewhere that amend one of them, with each study whose fact they take away.

    In each row the study stands first, the uid second and what it amends fifth; what is said of an order stands
    there once for each of its studies.
    """
    studies_of: dict[str, list[UUID]] = {}
    for row in rows:
        studies_of.setdefault(row[1], []).append(row[0])
        yield row[0], False, row
    if studies_of:
        for row in fetch(selected(table, columns, where=AMENDING), list(studies_of)):
            there = studies_of.get(row[1], ())
            for study in studies_of[row[4]]:
                if study not in there:
                    yield study, True, row
