"""Does one scanner, or one kind of study, no longer reach the device although others do?

Each part's studies are held against its usual share of what came, so a quiet day
of the whole feed is no partial silence; all parts together share the designed rate.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from monitoring.signals.episodes import Alarm
from monitoring.signals.feed_watch import proven_dispersion
from monitoring.signals.rates import FEED_REFERENCE_RUNS, FIRST_REFERENCE_DAYS, SILENCE_RATE
from monitoring.signals.streams import RunRow, reference_end
from monitoring.statistics.silence import SilenceDesign, quiet_spells

FIELDS = ("scanner.key", "study.modality", "study.body_part", "acquisition.view_position")
LONGEST_DAYS = 28
LEAST_STUDIES = 20  # in the reference; what is rarer cannot fall silent in a month
MOST_PARTS = 40

Part = tuple[str, str]
Days = dict[date, Counter[Part]]


def design_partial(runs: Sequence[RunRow]) -> dict[str, Any] | None:
    """Return the frozen design: the parts of the reference and their usual shares on workdays and weekends."""
    ends_on = reference_end([row.day for row in runs], days_at_least=FIRST_REFERENCE_DAYS, cases=FEED_REFERENCE_RUNS)
    if ends_on is None:
        return None
    first = min(row.day for row in runs)
    days, totals = counted(runs)
    inside = [first + timedelta(days=place) for place in range((ends_on - first).days + 1)]
    parts = [part_design(part, days, totals, inside=inside) for part in parts_of(days, totals, inside=inside)]
    if not parts:
        return None
    return {
        "method": "probability of so few studies of a part, given how many came; negative binomial, one rate for all",
        "statement": SILENCE_RATE.statement,
        "reference": {
            "from": first.isoformat(),
            "to": ends_on.isoformat(),
            "cases": sum(totals[day] for day in inside),
        },
        "parts": parts,
        "arl0_days": SILENCE_RATE.days,
        "longest_days": LONGEST_DAYS,
    }


def counted(runs: Sequence[RunRow]) -> tuple[Days, Counter[date]]:
    """Return, for each day, the studies of each part, and all."""
    days: Days = defaultdict(Counter)
    firsts = {(row.study, row.day): row for row in reversed(runs)}
    for row in firsts.values():
        for name in FIELDS:
            if (value := row.headers.get(name)) is not None:
                days[row.day][(name, str(value))] += 1
    return days, Counter(row.day for row in firsts.values())


def parts_of(days: Days, totals: Counter[date], *, inside: Sequence[date]) -> list[Part]:
    """Return the parts that are large enough, and are not the whole feed."""
    sums: Counter[Part] = Counter()
    for day in inside:
        sums.update(days.get(day, {}))
    whole = sum(totals[day] for day in inside)
    fitting = [(count, part) for part, count in sums.items() if LEAST_STUDIES <= count < whole]
    return [part for _, part in sorted(fitting, reverse=True)[:MOST_PARTS]]


def part_design(part: Part, days: Days, totals: Counter[date], *, inside: Sequence[date]) -> dict[str, Any]:
    shares = []
    for weekend in (False, True):
        mine = [day for day in inside if is_weekend(day) == weekend]
        count, whole = sum(days[day][part] for day in mine if day in days), sum(totals[day] for day in mine)
        shares.append(count / whole if whole else 0.0)
    seen = [days[day][part] if day in days else 0 for day in inside]
    expected = [totals[day] * shares[is_weekend(day)] for day in inside]
    return {
        "field": part[0],
        "value": part[1],
        "shares": shares,
        "cases": sum(seen),
        "dispersion": proven_dispersion(seen, expected),
    }


def is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def partial_alarms(design: dict[str, Any], runs: Sequence[RunRow], *, until: date) -> list[Alarm]:
    """Return the quiet spells of each part after the reference up to `until`."""
    first = date.fromisoformat(design["reference"]["to"]) + timedelta(days=1)
    if until < first:
        return []
    days, totals = counted(runs)
    watched = [first + timedelta(days=place) for place in range((until - first).days + 1)]
    return [
        alarm
        for part in design["parts"]
        for alarm in alarms_of_part(part, days, totals, watched=watched, design=design)
    ]


def alarms_of_part(
    part: dict[str, Any], days: Days, totals: Counter[date], *, watched: Sequence[date], design: dict[str, Any]
) -> list[Alarm]:
    name: Part = (part["field"], part["value"])
    counts = [days[day][name] if day in days else 0 for day in watched]
    expected = [totals[day] * part["shares"][is_weekend(day)] for day in watched]
    chart = SilenceDesign(
        arl0=design["arl0_days"] * len(design["parts"]),
        longest=design["longest_days"],
        reference_count=part["cases"],
        dispersion=part["dispersion"],
    )
    return [
        Alarm(
            arm=f"{name[0]}={name[1]}"[:80],
            began_on=watched[min(spell.first, spell.noticed)],
            alarm_on=watched[spell.noticed],
            ended_on=watched[spell.last] if any(counts[spell.last + 1 :]) else None,
            words=f"{spell.count} studies where {spell.expected:.1f} were expected",
            weight=-spell.probability,
            details={
                "part": f"{name[0].split('.')[-1].replace('key', 'scanner').replace('_', ' ')} {name[1]}",
                "last_day": watched[spell.last].isoformat(),
                "days": spell.last - spell.first + 1,
                "count": spell.count,
                "expected": spell.expected,
                "probability": spell.probability,
            },
        )
        for spell in quiet_spells(counts, expected, design=chart)
    ]
