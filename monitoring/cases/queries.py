"""How the predictions of one study count today, under every rule that cases are kept for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import F

from inference.registry.queries import deployment_settings
from inference.studies.models import SharedOrder, Study
from monitoring.cases.counting import count_study
from monitoring.cases.exams import counted_for
from monitoring.cases.facts import CountedCase, StudyFacts, live_facts
from monitoring.cases.loading import load_studies
from monitoring.cases.reasons import AMENDED
from monitoring.cases.rules import kept_rules


def counting_of(study: UUID, *, deployments: Collection[str]) -> list[CountedCase]:
    """Return the cases of a study's runs in these deployments, counted from the facts as they are now."""
    cases = [case for facts in load_studies([study]) for case in counted(facts, deployments=deployments)]
    return sorted(cases, key=lambda case: (case.finding, case.region, case.rule, case.inference_id))


SHOWN_ORDERS = 50
OrderRow = tuple[str, str, datetime, list[tuple[UUID, str]]]


def shared_orders(*, sites: Collection[str]) -> list[OrderRow]:
    """Return the newest reads and truths that name alone an order of several studies, each with what it counts for.

    A row is kind, finding and decision, when it came, and the studies with why it does not count there, or nothing.
    """
    shared = SharedOrder.objects.exclude(first=F("other")).filter(
        first__in=Study.objects.filter(site__in=sites).values("pk")
    )
    firsts = shared.order_by("-known_at").values_list("first", flat=True)[: 4 * SHOWN_ORDERS]
    rows = [row for facts in load_studies(list(dict.fromkeys(firsts))) for row in said_of_orders(facts)]
    return sorted(rows, key=lambda row: row[2], reverse=True)[:SHOWN_ORDERS]


def said_of_orders(facts: StudyFacts) -> Iterator[OrderRow]:
    """Yield what was said of the order that a study stands for."""
    for exam in (each for each in facts.exams if each.first == facts.study):
        for kind, statements in (("read", facts.reads), ("truth", facts.truths)):
            live = {each.uid for each in live_facts(statements, as_of=None)}
            for each in statements:
                if each.order == facts.study and not each.elsewhere:
                    studies = list(counted_for(each, exam=exam))
                    if each.uid not in live:
                        studies = [(study, AMENDED) for study, _ in studies]
                    said = f"{each.finding} {each.state or 'measured'}"
                    yield kind, said, each.received, studies


def counted(facts: StudyFacts, *, deployments: Collection[str]) -> list[CountedCase]:
    met = sorted({run.deployment for run in facts.runs} & set(deployments))
    settings = {key: deployment_settings(key) for key in met}
    rules = kept_rules({each.product_key for each in settings.values()})
    return [
        case
        for key, each in settings.items()
        for case in count_study(facts, rules=rules[each.product_key], deployments={key: each})
    ]
