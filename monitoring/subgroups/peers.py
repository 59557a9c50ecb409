"""A site against its peers: what its case mix would give at the others, and where it stands on a funnel. Pure.

Indirect standardisation: each stratum (age × sex) gets the share of the peers' cases in it, drawn towards their
overall share where they have few. A site is never among its own peers, neither for what is expected of it nor
for how far sites spread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from scipy import special

from monitoring.statistics.funnel import exact_p
from monitoring.statistics.pooling import Dispersion, Funnel, FunnelSite, funnel, funnel_limits
from monitoring.statistics.results import NotEstimable
from monitoring.subgroups.comparing import holm
from monitoring.subgroups.scales import direction_of

BORROWED = 10.0  # so many cases of the peers' overall share are added to each stratum
LEAST_OTHERS = 5  # sites of other houses enter as one sum of at least so many
MOST_OF_ONE = 0.5  # of which no one gives more than this share
WARNING, ACTION = 0.95, 0.998
LEAST_CASES = 10

Stratum = tuple[str, ...]
Counts = Mapping[Stratum, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRow:
    """One site on the funnel. `expected` is what its case mix gives at its peers, `crude` what it shows itself."""

    site: str
    hits: int
    cases: int
    crude: float
    expected: float
    place: FunnelSite | NotEstimable
    adjusted: float = 1.0
    state: str = "unknown"
    verdict: str = "too few to judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """All sites within sight around what they have together; `others` sites entered as one sum.

    `together` is how many cases all of them have, those of the site itself among them.
    """

    funnel: Funnel
    rows: tuple[PeerRow, ...]
    others: int
    strata: tuple[str, ...]
    together: float

    def limits(self, cases: float, *, level: float) -> tuple[float, float]:
        """Return the limits of a site with so many cases: wider than around a known target, for peers are a sample."""
        worth = max(1.0, cases * (self.together - cases) / self.together)
        return funnel_limits(self.funnel.target, worth, dispersion=self.funnel.dispersion, level=level)

    @property
    def outside(self) -> list[PeerRow]:
        return [row for row in self.rows if row.state in ("act", "watch")]


def peers_of(
    sites: Mapping[str, Counts],
    *,
    metric: str,
    design_effects: Mapping[str, float] | None = None,
    others: Counts | None = None,
    number_of_others: int = 0,
    strata: tuple[str, ...] = (),
) -> Peers | NotEstimable:
    """Return the sites on one funnel; counts are (successes, cases) by stratum, `others` the sum of those unseen."""
    known = {site: counts for site, counts in sites.items() if cases_of(counts)}
    everyone = summed([*known.values(), *([others] if others else [])])
    if len(known) + (1 if others else 0) < 2:
        return NotEstimable("no peer: only one site has cases")
    stand = {
        site: standing(site, known, everyone=everyone, design_effect=(design_effects or {}).get(site, 1.0))
        for site in known
    }
    found = funnel_of(stand, everyone=everyone)
    if isinstance(found, NotEstimable):
        return found
    rows = judged(dict(zip(known, found.sites, strict=False)), stand=stand, around=found, metric=metric)
    return Peers(funnel=found, rows=rows, others=number_of_others, strata=strata, together=cases_of(everyone))


def standing(site: str, known: Mapping[str, Counts], *, everyone: Counts, design_effect: float) -> Standing:
    counts = known[site]
    cases = round(cases_of(counts))
    return Standing(
        hits=round(sum(each[0] for each in counts.values())),
        cases=cases,
        expected=expected_share(counts, elsewhere=minus(everyone, counts)),
        elsewhere=cases_of(everyone) - cases,
        design_effect=design_effect,
        spread=spread_without(site, known),
    )


def funnel_of(stand: Mapping[str, Standing], *, everyone: Counts) -> Funnel | NotEstimable:
    # One site within sight has nobody to spread with: its own line twice keeps the funnel's shape and adds nothing.
    sites = list(stand.values()) * (2 if len(stand) == 1 else 1)
    return funnel(
        [each.hits for each in sites],
        [each.cases for each in sites],
        target=sum(each[0] for each in everyone.values()) / cases_of(everyone),
        expected=[each.expected for each in sites],
        over_dispersion="additive",
        level=ACTION,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is counted of one site, what its case mix would give, how many cases its peers have and how they spread."""

    hits: int
    cases: int
    expected: float
    elsewhere: float
    design_effect: float
    spread: Dispersion


def spread_without(site: str, known: Mapping[str, Counts]) -> Dispersion:
    """Return how the peers of a site spread among themselves: one bad site must not widen the limits it is held to."""
    peers = {name: counts for name, counts in known.items() if name != site}
    if len(peers) < 2:
        return Dispersion()
    together = summed(list(peers.values()))
    hits = [round(sum(each[0] for each in counts.values())) for counts in peers.values()]
    cases = [round(cases_of(counts)) for counts in peers.values()]
    expected = [expected_share(counts, elsewhere=minus(together, counts)) for counts in peers.values()]
    found = funnel(hits, cases, expected=expected, over_dispersion="additive", level=ACTION)
    return Dispersion() if isinstance(found, NotEstimable) else found.dispersion


def judged(
    places: Mapping[str, FunnelSite | NotEstimable], *, stand: Mapping[str, Standing], around: Funnel, metric: str
) -> tuple[PeerRow, ...]:
    """Return the sites with verdicts: beyond chance at 5 % once all sites are allowed for, firmly at 0.2 %."""
    p_values = {site: p_value_of(places[site], each, around=around) for site, each in stand.items()}
    enough = [site for site in places if stand[site].cases >= LEAST_CASES]
    adjusted = dict(zip(enough, holm([p_values[site] for site in enough]), strict=True))
    return tuple(
        peer_row(site, place, stand=stand[site], p_value=p_values[site], adjusted=adjusted.get(site), metric=metric)
        for site, place in places.items()
    )


def p_value_of(place: FunnelSite | NotEstimable, stand: Standing, *, around: Funnel) -> float:
    """Return the two-sided p-value of a site; that its peers are a sample too, and patients come again, widens it."""
    if isinstance(place, NotEstimable):
        return 1.0
    aim, share = around.target, stand.expected
    own = (aim / share) ** 2 * share * (1 - share) / stand.cases * max(1.0, stand.design_effect)
    variance = own + stand.spread.tau_squared + aim * (1 - aim) / stand.elsewhere
    normal = float(2 * special.ndtr(-abs(place.value - aim) / sqrt(variance)))
    return normal if stand.spread.tau_squared else max(normal, exact_p(stand.hits, stand.cases, share))


def peer_row(
    site: str,
    place: FunnelSite | NotEstimable,
    *,
    stand: Standing,
    p_value: float,
    adjusted: float | None,
    metric: str,
) -> PeerRow:
    state, verdict = verdict_of(place, p_value=p_value, adjusted=adjusted, metric=metric)
    return PeerRow(
        site=site,
        hits=stand.hits,
        cases=stand.cases,
        crude=stand.hits / stand.cases,
        expected=stand.expected,
        place=place,
        adjusted=1.0 if adjusted is None else adjusted,
        state=state,
        verdict=verdict,
    )


def verdict_of(
    place: FunnelSite | NotEstimable, *, p_value: float, adjusted: float | None, metric: str
) -> tuple[str, str]:
    if adjusted is None or isinstance(place, NotEstimable):
        return "unknown", "too few to judge"
    if adjusted >= 1 - WARNING:
        return "ok", "as its peers"
    side = "below" if place.z < 0 else "above"
    if place.z * direction_of(metric) > 0:
        return "ok", f"{side} its peers"
    return ("act" if p_value < 1 - ACTION else "watch"), f"{side} its peers"


def expected_share(counts: Counts, *, elsewhere: Counts) -> float:
    """Return the share that this case mix would have at the peers, strictly inside 0 and 1."""
    total = cases_of(elsewhere)
    overall = (sum(each[0] for each in elsewhere.values()) + 0.5) / (total + 1)
    expected = 0.0
    for stratum, (_, cases) in counts.items():
        hits, there = elsewhere.get(stratum, (0.0, 0.0))
        expected += cases * (hits + BORROWED * overall) / (there + BORROWED)
    return expected / cases_of(counts)


def cases_of(counts: Counts) -> float:
    return sum(each[1] for each in counts.values())


def summed(several: list[Counts]) -> dict[Stratum, tuple[float, float]]:
    found: dict[Stratum, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for counts in several:
        for stratum, (hits, cases) in counts.items():
            found[stratum] = (found[stratum][0] + hits, found[stratum][1] + cases)
    return dict(found)


def minus(everyone: Counts, own: Counts) -> dict[Stratum, tuple[float, float]]:
    found = {}
    for stratum, (hits, cases) in everyone.items():
        mine = own.get(stratum, (0.0, 0.0))
        found[stratum] = (max(0.0, hits - mine[0]), max(0.0, cases - mine[1]))
    return found


def may_enter(cases: Mapping[str, int], hits: Mapping[str, int], *, minimum_count: int, is_asked: bool = True) -> str:
    """Return why the sites of other houses may not enter as one sum; empty if they may.

    There must be five or more with cases, none with more than half of them, and the sum must tell no small count. Of a
    rate that is not asked for itself but could be, none at all is no small count.
    """
    some = {site: number for site, number in cases.items() if number}
    if not some and not is_asked:
        return ""
    if len(some) < LEAST_OTHERS:
        return f"fewer than {LEAST_OTHERS} sites of other houses share their sums"
    total, right = sum(some.values()), sum(hits.get(site, 0) for site in some)
    if max(some.values()) > MOST_OF_ONE * total:
        return "one site alone makes up more than half of the others"
    if any(each < minimum_count and (each or is_asked) for each in (total, right, total - right)):
        return f"the others together tell fewer than {minimum_count}"
    return ""
