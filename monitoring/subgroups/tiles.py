"""The four answers at the top of the page: how much sites differ, how far from development, peers, fairness."""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.templatetags.display import number
from monitoring.statistics.results import NotEstimable
from monitoring.subgroups.gathering import Found
from monitoring.subgroups.population import worst
from monitoring.subgroups.wording import label_of, name_of, ranged, signed, signed_range, words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One answer: a value with its range and a note, or the reason why there is none."""

    label: str
    href: str
    state: str = "unknown"
    verdict: str = ""
    value: str = ""
    note: str = ""
    reason: str = ""


def tiles(found: Found, *, metric: str, names: Mapping[str, str]) -> list[Tile]:
    return [
        sites_tile(found, metric=metric),
        development_tile(found),
        peers_tile(found, names=names),
        fairness_tile(found, names=names),
    ]


def sites_tile(found: Found, *, metric: str) -> Tile:
    spread, label = found.spread, "Next site, 95 % prediction"
    if isinstance(spread, NotEstimable):
        return Tile(label=label, href="#sites", reason=spread.reason)
    differs = spread.found.q.p_value < 0.05
    note = f"{spread.found.groups} sites, I² {100 * spread.found.i_squared:.0f} %"
    state, verdict = ("watch", "Sites differ") if differs else ("ok", "No difference shown")
    if isinstance(spread.next_group, NotEstimable):
        state = state if differs else "unknown"  # too few sites to be called all right
        return Tile(
            label=label, href="#sites", reason=spread.next_group.reason, note=note, state=state, verdict=verdict
        )
    value = ranged(spread.next_group, metric=metric)
    return Tile(label=label, href="#sites", value=value, note=note, state=state, verdict=verdict)


def development_tile(found: Found) -> Tile:
    development, label = found.development, "Furthest from development"
    furthest = worst(development.shifts)
    if furthest is None or isinstance(furthest.distance, NotEstimable):
        return Tile(label=label, href="#development", reason=development.reason or "no case in this window")
    at_least = "at least " if furthest.is_coarse else ""
    return Tile(
        label=label,
        href="#development",
        state=furthest.state,
        verdict=furthest.verdict.capitalize(),
        value=words_of(furthest.dimension).capitalize(),
        note=f"standardised difference {at_least}{number(furthest.distance, 2)}, version {development.version}",
    )


def peers_tile(found: Found, *, names: Mapping[str, str]) -> Tile:
    peers, label = found.peers, "Sites outside their peers"
    if isinstance(peers, NotEstimable):
        return Tile(label=label, href="#peers", reason=peers.reason)
    outside = peers.outside
    state = "act" if any(row.state == "act" for row in outside) else "watch" if outside else "ok"
    told = ", ".join(names.get(row.site, row.site) for row in outside)
    return Tile(
        label=label,
        href="#peers",
        state=state,
        verdict=told or "None below the others",
        value=f"{len(outside)} of {len(peers.rows)}",
        note="standardised for case mix",
    )


def fairness_tile(found: Found, *, names: Mapping[str, str]) -> Tile:
    fairness, label = found.fairness, "Gaps between people"
    if not fairness.is_known:
        reason = found.fairness.gaps[0].reason if found.fairness.gaps else "no rate of people in this finding"  # type: ignore[union-attr]
        return Tile(label=label, href="#fairness", reason=reason)
    shown = fairness.shown
    if not shown:
        return Tile(
            label=label,
            href="#fairness",
            state="ok",
            verdict="None shown",
            value=f"0 of {fairness.family}",
            note="pairs of groups, together at 5 %",
        )
    first = min(shown, key=lambda each: each.difference.adjusted)
    groups = [name_of(each, dimension=first.dimension, site_names=names) for each in (first.lower, first.higher)]
    return Tile(
        label=label,
        href="#fairness",
        state="act",
        verdict=f"{groups[0]} below {groups[1]}",
        value=f"{signed(first.difference.value, metric=first.metric)} points",
        note=f"{label_of(first.metric)}, {signed_range(first.difference.interval, metric=first.metric)}",
    )
