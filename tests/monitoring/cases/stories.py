"""Facts of one study with honest defaults, for the tests of counting: no database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from inference.registry.settings import ConfigurationSettings, DeploymentSettings, FindingSettings
from monitoring.cases.counting import count_study
from monitoring.cases.facts import (
    AsOf,
    CorrectionFact,
    CountedCase,
    EventFact,
    PredictionFact,
    ReadFact,
    Rule,
    RunFact,
    StudyFacts,
    TruthFact,
)

SPACE = UUID("12345678-1234-5678-1234-567812345678")
STUDY, PERSON, OTHER, THIRD = (uuid5(SPACE, name) for name in ("study", "person", "other", "third"))
DAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
RULE = Rule(
    key="default",
    standards=("surgery", "pathology", "panel", "follow_up", "report_human"),
    minimum_certainty="possible",
)


def at(hours: float) -> datetime:
    """Return the moment so many hours after the study was acquired."""
    return DAY + timedelta(hours=hours)


def settings(
    *, key: str = "d", regions: tuple[str, ...] = (), findings: tuple[str, ...] = ("nodule",)
) -> DeploymentSettings:
    return DeploymentSettings(
        key=key,
        product_key="product",
        site_key="north",
        organisation_key="north-group",
        timezone="Europe/Berlin",
        dimensions=("smoker",),
        regions=regions,
        findings={
            each: FindingSettings(key=each, concept=each, kind="binary", scale="probability") for each in findings
        },
        versions={"1.0": {"nodule": 0.5}},
        configurations=(
            ConfigurationSettings(starts_at=at(-1000), version="1.0", mode="live", role="second_reader", thresholds={}),
        ),
    )


def known(hours: float, **over: Any) -> dict[str, Any]:
    return {"received": at(hours), "known": at(hours)} | over


def says(score: float | None = 0.8, *, finding: str = "nodule", region: str = "", **over: Any) -> PredictionFact:
    decision = "" if score is None else "positive" if score >= 0.5 else "negative"
    values: dict[str, Any] = {"threshold": 0.5, "decision": decision} | over
    return PredictionFact(finding=finding, region=region, score=score, **values)


def run(pk: int = 1, *predictions: PredictionFact, hours: float = 1, **over: Any) -> RunFact:
    values: dict[str, Any] = known(hours) | {
        "deployment": "d",
        "version": "1.0",
        "ran_at": at(hours),
        "acquired_at": DAY,
        "predictions": predictions or (says(),),
    }
    return RunFact(id=pk, uid=f"run-{pk}", **(values | over))


def shown(pk: int, hours: float, *, kind: str = "displayed", **over: Any) -> EventFact:
    values: dict[str, Any] = known(hours) | {"kind": kind, "at": at(hours), "inference_uid": f"run-{pk}" if pk else ""}
    return EventFact(uid=f"{kind}-{pk}-{hours}", **(values | over))


def read(pk: int = 1, decision: str = "positive", *, hours: float = 3, stage: str = "final", **over: Any) -> ReadFact:
    values: dict[str, Any] = known(hours) | {
        "finding": "nodule", "reader": f"R{pk}", "stage": stage, "read_at": at(hours), "decision": decision,
    }  # fmt: skip
    return ReadFact(id=pk, uid=f"read-{pk}", **(values | over))


def truth(
    pk: int = 1, value: str = "positive", *, hours: float = 24, standard: str = "pathology", **over: Any
) -> TruthFact:
    values: dict[str, Any] = known(hours) | {
        "finding": "nodule", "standard": standard, "determined_at": at(hours), "value": value,
    }  # fmt: skip
    return TruthFact(id=pk, uid=f"truth-{pk}", **(values | over))


def correction(pk: int, kind: str, *, hours: float = 48, **over: Any) -> CorrectionFact:
    values: dict[str, Any] = known(hours) | {"kind": kind, "at": at(hours)}
    return CorrectionFact(uid=f"correction-{pk}", **(values | over))


def study(**parts: Any) -> StudyFacts:
    values: dict[str, Any] = {
        "study": STUDY,
        "person": PERSON,
        "site": "north",
        "organisation": "north-group",
        "timezone": "Europe/Berlin",
        "acquired_at": DAY,
        "runs": (run(),),
    }
    return StudyFacts(**(values | parts))


def cases_of(
    facts: StudyFacts, *, rule: Rule = RULE, as_of: AsOf | None = None, with_settings: DeploymentSettings | None = None
) -> list[CountedCase]:
    deployment = with_settings or settings()
    return count_study(facts, rules=[rule], deployments={deployment.key: deployment}, as_of=as_of)


def only_case(facts: StudyFacts, **options: Any) -> CountedCase:
    (case,) = cases_of(facts, **options)
    return case


def reasons_of(facts: StudyFacts, **options: Any) -> dict[int, str]:
    """Return why each run's case is left out, by run."""
    return {case.inference_id: case.excluded for case in cases_of(facts, **options)}
