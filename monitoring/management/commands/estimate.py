"""`manage.py estimate`: figures with their intervals and counts, or why they cannot be estimated."""

import json
from argparse import ArgumentParser
from datetime import UTC, date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring.dashboards.missing import statements
from monitoring.errors import MonitoringError
from monitoring.performance.queries import estimates
from monitoring.performance.questions import OBSERVED, EstimateSet, Figure, Question
from monitoring.performance.readers import PRODUCT_ON_READ, READER
from monitoring.performance.references import key_of
from monitoring.performance.verified import WAYS
from monitoring.statistics.results import Estimate, NotEstimable


def moment(text: str) -> datetime:
    """Understand a moment; one without an offset is in UTC, a day is its beginning."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Estimate the performance of a product, one of its deployments, or the reads of a site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        scope = parser.add_mutually_exclusive_group(required=True)
        scope.add_argument("--deployment", metavar="KEY", default="")
        scope.add_argument("--product", metavar="KEY", default="")
        scope.add_argument("--site", metavar="KEY", default="")
        parser.add_argument(
            "--of",
            choices=["reads", "reader", "ai"],
            help="reads: with --site, every read that was not amended; reader, ai: the final reads of the product's "
            "cases, and the product on those same cases",
        )
        parser.add_argument("--finding", metavar="F", required=True)
        parser.add_argument("--metric", metavar="M", nargs="+", action="extend", default=[], dest="metrics")
        parser.add_argument("--from", type=date.fromisoformat, dest="since", help="first day, by date of acquisition")
        parser.add_argument("--to", type=date.fromisoformat, dest="until", help="first day that is left out")
        parser.add_argument("--as-of", type=moment, help="as it was known at this moment")
        parser.add_argument("--basis", choices=["received", "known"], default="received")
        parser.add_argument("--truth-rule", default="default", metavar="KEY")
        parser.add_argument("--by", default="", metavar="DIMENSION")
        parser.add_argument("--exact", action="store_true", help="from every row instead of the sums")
        parser.add_argument(
            "--verification", choices=WAYS, default="", help="correct for, or bound, cases that nobody verified"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["site"]) != (options["of"] == "reads"):
            raise CommandError("--site and --of reads go together.")
        names = "deployment product site finding since until as_of basis truth_rule by exact verification"
        who = options["of"] if options["of"] in (READER, PRODUCT_ON_READ) else ""
        metrics = tuple(options["metrics"])
        question = Question(metrics=metrics, who=who, **{name: options[name] for name in names.split()})
        try:
            answer = estimates(question)
        except MonitoringError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(json.dumps(answer.as_json(), indent=2) if options["as_json"] else as_text(answer))


def as_text(answer: EstimateSet) -> str:
    lines = [line(each) for each in answer.figures]
    lines += [f"excluded: {reason} {number}" for reason, number in sorted(answer.excluded.items())]
    lines += [f"missing: {each.words}" for each in statements(answer.missing)]
    return "\n".join(lines)


def line(each: Figure) -> str:
    name = " ".join([key_of(each), *(f"{key}={value}" for key, value in each.slice.items())])
    if isinstance(each.outcome, NotEstimable):
        return f"{name}: not estimable: {each.outcome.reason}"
    found = each.outcome
    return (
        f"{name}: {found.value:.6f} [{found.interval.low:.6f}, {found.interval.high:.6f}] "
        f"n={found.cases} positives={each.positives} ({found.method})" + beside(each)
    )


def beside(each: Figure) -> str:
    """Return what to say beside a value: that it is agreement, what it would be against the truth, that it is young."""
    said = "" if each.kind == OBSERVED else f"; {each.kind.replace('_', ' ')}, not the truth, in {each.agreeing} cases"
    if isinstance(each.corrected, Estimate):
        ends = each.corrected.interval
        said += f"; put right for the labeller's errors {each.corrected.value:.6f} [{ends.low:.6f}, {ends.high:.6f}]"
    elif each.corrected is not None:
        said += f"; not put right: {each.corrected.reason}"
    return said + ("; immature" if each.is_immature else "")
