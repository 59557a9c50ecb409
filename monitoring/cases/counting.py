"""What counts: the one answer that rollups, exact estimates, monitors, disagreement and packages ask for.

Facts of one study in, one case out for every logged prediction and every
missing one, each counted or left out for a reason. Nothing here knows a
database; the order in which facts arrived makes no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from inference.registry.settings import DeploymentSettings
from monitoring.cases import reasons
from monitoring.cases.comparing import comparison_of
from monitoring.cases.exams import serving
from monitoring.cases.facts import (
    AsOf,
    CountedCase,
    EventFact,
    PredictionFact,
    ReadFact,
    Rule,
    RunFact,
    StudyFacts,
    TruthFact,
    live_facts,
)
from monitoring.cases.identity import Identity, followed_until_death, identity_of
from monitoring.cases.judging import Judgement, final_read, lesions_beside, truth_for
from monitoring.cases.references import reference_of
from monitoring.cases.runs import (
    counting_run,
    display_times,
    minutes_to_reader,
    minutes_to_treatment,
    prediction_reason,
    run_reason,
    unit_of,
)
from monitoring.cases.slicing import local_day, slices_of, with_region

Deployments = Mapping[str, DeploymentSettings]


class Logged(NamedTuple):
    """One prediction of a run, or its missing one, and why it may not count."""

    run: RunFact
    prediction: PredictionFact
    reason: str


@dataclass(slots=True, kw_only=True)
class StudyView:
    """A study as it was known at a moment, looked at once for all rules."""

    study: StudyFacts
    identity: Identity
    zone: ZoneInfo
    runs: Sequence[RunFact]
    events: Sequence[EventFact]
    displayed: Mapping[str, Sequence[datetime]]
    reads: Mapping[str, Sequence[ReadFact]]
    truths: Mapping[str, Sequence[TruthFact]]
    logged: list[Logged] = field(default_factory=list)
    final: dict[tuple[str, str, tuple[str, ...]], Judgement[ReadFact]] = field(default_factory=dict)

    def final_read(self, concept: str, *, region: str, regions: tuple[str, ...]) -> Judgement[ReadFact]:
        key = (concept, region, regions)
        if key not in self.final:
            self.final[key] = final_read(self.reads.get(concept, ()), region=region, regions=regions)
        return self.final[key]


def count_study(
    study: StudyFacts, *, rules: Iterable[Rule], deployments: Deployments, as_of: AsOf | None = None
) -> list[CountedCase]:
    """Return the cases of one study under each rule, as known at `as_of` (now, if None)."""
    view = look_at(study, deployments=deployments, as_of=as_of)
    parts = {run.id: run_parts(run, view=view, settings=deployments[run.deployment]) for run in view.runs}
    return [
        case_of(each, parts=parts[each.run.id], view=view, rule=rule, settings=deployments[each.run.deployment])
        for rule in rules
        for each in view.logged
    ]


def look_at(study: StudyFacts, *, deployments: Deployments, as_of: AsOf | None) -> StudyView:
    runs = [run for run in study.runs if run.deployment in deployments and (as_of is None or as_of.knows(run))]
    events = serving(live_facts(study.events, as_of=as_of), study=study, as_of=as_of)
    reads = serving(live_facts(study.reads, as_of=as_of), study=study, as_of=as_of)
    truths = serving(live_facts(study.truths, as_of=as_of), study=study, as_of=as_of)
    identity = identity_of(study, as_of=as_of)
    truths = followed_until_death(truths, died_at=identity.died_at)
    view = StudyView(
        study=study,
        identity=identity,
        zone=zone_named(study.timezone),
        runs=runs,
        events=events,
        displayed=display_times(events),
        reads=by_concept(reads),
        truths=by_concept(truths),
    )
    logged = [each for run in runs for each in logged_by(run, view=view, settings=deployments[run.deployment])]
    view.logged = settle_runs(logged, view=view, deployments=deployments) if len(runs) > 1 else logged
    return view


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo:
    return ZoneInfo(name)


T = TypeVar("T", ReadFact, TruthFact)


def by_concept(facts: Iterable[T]) -> Mapping[str, Sequence[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for fact in facts:
        groups[fact.finding].append(fact)
    return groups


def logged_by(run: RunFact, *, view: StudyView, settings: DeploymentSettings) -> Iterator[Logged]:
    """Yield every prediction of a run, and one without content for each registered finding it says nothing of."""
    reason = run_reason(run, identity=view.identity)
    for prediction in run.predictions:
        yield Logged(run, prediction, reason or prediction_reason(prediction, settings=settings))
    said = {prediction.finding for prediction in run.predictions}
    for finding in settings.findings:
        if finding not in said:
            yield Logged(run, PredictionFact(finding=finding), reason or reasons.NO_PREDICTION)


def settle_runs(logged: Sequence[Logged], *, view: StudyView, deployments: Deployments) -> list[Logged]:
    """Let one run of each unit count, finding by finding and region by region."""
    groups: dict[tuple[object, ...], list[RunFact]] = defaultdict(list)
    for each in logged:
        if not each.reason:
            groups[unit_key(each)].append(each.run)
    chosen = {}
    for key, runs in groups.items():
        if len(runs) == 1:
            continue
        settings = deployments[runs[0].deployment]
        concept = settings.findings[str(key[2])].concept
        final = view.final_read(concept, region=str(key[3]), regions=settings.regions)
        read_at = final.source.read_at if final.source else None
        chosen[key] = counting_run(runs, displayed=view.displayed, read_at=read_at).id
    return [passed_over(each, chosen=chosen.get(unit_key(each))) for each in logged]


def unit_key(each: Logged) -> tuple[object, ...]:
    return (each.run.deployment, unit_of(each.run), each.prediction.finding, each.prediction.region)


def passed_over(each: Logged, *, chosen: int | None) -> Logged:
    if each.reason or chosen is None or each.run.id == chosen:
        return each
    return each._replace(reason=reasons.ANOTHER_RUN_COUNTS)


class RunParts(NamedTuple):
    """What every case of a run shares."""

    acquired_at: datetime
    day: date
    slices: Mapping[str, str]
    minutes_to_reader: float | None
    minutes_to_treatment: float | None


def run_parts(run: RunFact, *, view: StudyView, settings: DeploymentSettings) -> RunParts:
    acquired_at = view.study.acquired_at or run.acquired_at
    day = local_day(acquired_at, zone=view.zone)
    return RunParts(
        acquired_at=acquired_at,
        day=day,
        slices=slices_of(view.study, run, settings=settings, day=day),
        minutes_to_reader=minutes_to_reader(run, events=view.events) if view.events else None,
        minutes_to_treatment=minutes_to_treatment(run, events=view.events) if view.events else None,
    )


def case_of(each: Logged, *, parts: RunParts, view: StudyView, rule: Rule, settings: DeploymentSettings) -> CountedCase:
    run, said, study = each.run, each.prediction, view.study
    finding = settings.findings.get(said.finding)
    concept = finding.concept if finding else said.finding
    read = view.final_read(concept, region=said.region, regions=settings.regions)
    truths, acquired_at = view.truths.get(concept, ()), parts.acquired_at
    truth = truth_for(truths, region=said.region, regions=settings.regions, rule=rule, acquired_at=acquired_at)
    return CountedCase(
        organisation=study.organisation,
        product_id=settings.product_key,
        site_id=study.site,
        rule=rule.key,
        study_id=study.study,
        person_id=view.identity.person,
        excluded=each.reason,
        slices=with_region(parts.slices, said.region) if settings.regions else parts.slices,
        **said_by(run, said, parts=parts),
        **held_true(truth, acquired_at=acquired_at, read=read),
        comparison=comparison_of(
            finding,
            said,
            truth.source,
            lesions=lesions_beside(truth.source, truths, rule=rule, acquired_at=acquired_at),
            version=run.version,
        ),
        **finally_read(read),
    )


def said_by(run: RunFact, said: PredictionFact, *, parts: RunParts) -> dict[str, Any]:
    return {
        "inference_id": run.id,
        "deployment_id": run.deployment,
        "version": run.version,
        "finding": said.finding,
        "region": said.region,
        "score": said.score,
        "threshold": said.threshold,
        "decision": said.decision,
        "measurement": said.measurement,
        "category": said.category,
        "class_scores": said.class_scores,
        "acquired_at": parts.acquired_at,
        "acquired_on": parts.day,
        "minutes_to_reader": parts.minutes_to_reader,
        "minutes_to_treatment": parts.minutes_to_treatment,
    }


def held_true(truth: Judgement[TruthFact], *, acquired_at: datetime, read: Judgement[ReadFact]) -> dict[str, Any]:
    source = truth.source
    return {
        "truth": truth.state,
        "truth_id": source.id if source else None,
        "truth_standard": source.standard if source else "",
        "truth_reference": reference_of(source, exposure=read.source.ai_exposure if read.source else ""),
        "truth_measurement": source.measurement if source else None,
        "truth_category": source.category if source else None,
        "truth_known_at": source.known if source else None,
        "followed_days": followed_days(source, acquired_at=acquired_at) if source else None,
    }


def followed_days(truth: TruthFact, *, acquired_at: datetime) -> float | None:
    """Return the days from acquisition to the event, or to the end of what was observed without one."""
    end = truth.determined_at if truth.state == "positive" else truth.observed_until
    return None if end is None or end < acquired_at else (end - acquired_at) / timedelta(days=1)


def finally_read(read: Judgement[ReadFact]) -> dict[str, Any]:
    source = read.source
    return {
        "reader_decision": read.state,
        "reader_measurement": source.measurement if source else None,
        "reader_category": source.category if source else None,
        "reader": source.reader if source else "",
        "read_id": source.id if source else None,
        "read_at": source.read_at if source else None,
        "stage": source.stage if source else "",
        "ai_exposure": source.ai_exposure if source else "",
    }
