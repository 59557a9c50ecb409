"""How each read of a study counts by itself, whatever product was in use: for `estimate --of reads`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitoring.cases import reasons
from monitoring.cases.counting import by_concept, zone_named
from monitoring.cases.exams import serving
from monitoring.cases.facts import AsOf, CountedRead, ReadFact, Rule, StudyFacts, TruthFact, live_facts
from monitoring.cases.identity import Identity, followed_until_death, identity_of
from monitoring.cases.judging import truth_for
from monitoring.cases.references import reference_of
from monitoring.cases.slicing import UNKNOWN, local_day, study_slices, with_region


def count_reads(
    study: StudyFacts, *, rule: Rule, regions: Sequence[str], as_of: AsOf | None = None
) -> list[CountedRead]:
    """Return every read known by then, at any stage; an amended one is left out and says so.

    A read of an order is one read: it counts with the study that the order stands for.
    """
    own = [read for read in study.reads if read.order in (None, study.study) and not read.elsewhere]
    known = [read for read in own if as_of is None or as_of.knows(read)]
    live = {read.uid for read in live_facts(study.reads, as_of=as_of)}
    identity = identity_of(study, as_of=as_of)
    known_truths = serving(live_facts(study.truths, as_of=as_of), study=study, as_of=as_of)
    truths = by_concept(followed_until_death(known_truths, died_at=identity.died_at))
    return [
        counted_read(
            read,
            study=study,
            identity=identity,
            rule=rule,
            truths=truths.get(read.finding, ()),
            regions=regions,
            amended=read.uid not in live,
        )
        for read in known
    ]


def counted_read(
    read: ReadFact,
    *,
    study: StudyFacts,
    identity: Identity,
    rule: Rule,
    truths: Iterable[TruthFact],
    regions: Sequence[str],
    amended: bool,
) -> CountedRead:
    acquired_at = study.acquired_at or read.read_at
    day = local_day(acquired_at, zone=zone_named(study.timezone))
    truth = truth_for(list(truths), region=read.region, regions=regions, rule=rule, acquired_at=acquired_at)
    return CountedRead(
        site_id=study.site,
        finding=read.finding,
        region=read.region,
        study_id=study.study,
        person_id=identity.person,
        read_id=read.id,
        acquired_on=day,
        excluded=reasons.AMENDED if amended else read_reason(read, study=study, identity=identity),
        decision=read.state,
        measurement=read.measurement,
        category=read.category,
        truth=truth.state,
        truth_standard=truth.source.standard if truth.source else "",
        truth_reference=reference_of(truth.source, exposure=read.ai_exposure),
        truth_measurement=truth.source.measurement if truth.source else None,
        truth_category=truth.source.category if truth.source else None,
        slices=with_region(study_slices(study, day=day), read.region) | read_slices(read),
    )


def read_slices(read: ReadFact) -> dict[str, str]:
    return {"reader": read.reader, "stage": read.stage, "ai_exposure": read.ai_exposure or UNKNOWN}


def read_reason(read: ReadFact, *, study: StudyFacts, identity: Identity) -> str:
    purpose = study.described.get("study.purpose", "clinical")
    if purpose != "clinical":
        return f"purpose_{purpose}"
    if identity.reason:
        return identity.reason
    said = read.state or read.measurement is not None or read.category is not None
    return "" if said else reasons.NO_DECISION
