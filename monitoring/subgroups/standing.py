"""The sites within sight, and what may be told of the others: where each stands among its peers.

Sites of other houses are seen by nobody here; they enter as one sum, if enough of them share their sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from inference.registry.models import Deployment, Sharing
from monitoring.cases.models import Case
from monitoring.performance.questions import Question
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.subgroups.answering import MOST_ROWS, ONLY_RATES, Answers
from monitoring.subgroups.asking import Asked
from monitoring.subgroups.groups import estimated
from monitoring.subgroups.peers import Counts, Peers, may_enter, peers_of, summed
from monitoring.subgroups.queries import AMONG, Tally, by_dimension, tallies
from monitoring.subgroups.scales import share_of

STRATA = ("age_band", "sex")


def peers_found(asked: Asked, answers: Answers) -> tuple[Peers | NotEstimable, str]:
    """Return the sites within sight on a funnel, and why sites of other houses are not in it, if so."""
    if asked.metric not in AMONG:
        return NotEstimable(ONLY_RATES), ""
    if answers.cases() > MOST_ROWS:
        return crude_peers(asked, answers), ""
    cuts = [by_dimension(name) for name in ("site", *STRATA)]
    seen = tallies(asked.cut("site"), cuts=cuts, metric=asked.metric)
    out = answers.hidden("site")
    sites = by_site({cell: tally for cell, tally in seen.items() if cell[0] not in out})
    others, number, why = others_of(asked)
    found = peers_of(
        {site: counts_of(cells) for site, cells in sites.items()},
        metric=asked.metric,
        design_effects={site: design_effect(cells) for site, cells in sites.items()},
        others=others,
        number_of_others=number,
        strata=STRATA,
    )
    return found, why


def crude_peers(asked: Asked, answers: Answers) -> Peers | NotEstimable:
    """Return the sites as they are, from sums: with so many cases each page would count the case mix for too long."""
    shares = {site: share_of(each) for site, each in estimated(answers.groups("site")).items()}
    return peers_of(
        {site: {(): (float(each.hits), float(each.cases))} for site, each in shares.items()},
        metric=asked.metric,
        design_effects={site: each.design_effect for site, each in shares.items()},
    )


Cells = Mapping[tuple[str, ...], Tally]


def by_site(cells: Cells) -> dict[str, dict[tuple[str, ...], Tally]]:
    found: dict[str, dict[tuple[str, ...], Tally]] = {}
    for (site, *stratum), tally in sorted(cells.items()):
        found.setdefault(site, {})[tuple(stratum)] = tally
    return found


def counts_of(cells: Cells) -> dict[tuple[str, ...], tuple[float, float]]:
    return {stratum: (float(tally.hits), float(tally.cases)) for stratum, tally in cells.items()}


def design_effect(cells: Cells) -> float:
    """Return by how much patients who come again inflate a site's variance."""
    every = Tally()
    for tally in cells.values():
        for key, number in tally.patients.items():
            every.patients[key] += number
    share = every.share()
    return share_of(share).design_effect if isinstance(share, Estimate) else 1.0


def others_of(asked: Asked) -> tuple[Counts | None, int, str]:
    """Return the sum of the sites that this user may not see but that share their sums, or why it is kept back."""
    seen = {each.pk for each in asked.deployments}
    unseen = list(Deployment.objects.filter(product=asked.product).exclude(pk__in=seen))
    sharing = sharing_sites(asked)
    keys = tuple(each.pk for each in unseen if each.site_id in sharing)
    if not keys:
        return None, 0, ""
    if asked.question.since or asked.question.until:
        return None, 0, "two periods would tell one another; take the dates out"
    least = max([asked.minimum_count, *sharing.values()])
    question = replace(asked.question, deployments=keys, version="", until=asked.now.date().replace(day=1))
    if why := told_by_others(question, metric=asked.metric, version=asked.question.version, minimum_count=least):
        return None, 0, why
    cuts = [by_dimension(name) for name in ("site", *STRATA)]
    cells = tallies(replace(question, version=asked.question.version), cuts=cuts, metric=asked.metric)
    sites: list[Counts] = [counts_of(each) for each in by_site(cells).values()]
    return summed(sites), len(sites), ""


def told_by_others(question: Question, *, metric: str, version: str, minimum_count: int) -> str:
    """Return why the sum of the others would tell of few patients or of one house; empty if it does not.

    The rates of one sum tell each other's counts, so each is looked at. Where one version is asked for, every version
    has to do, for all of them less the others is the last.
    """
    deployments = list(question.deployments or ())
    if (
        Case.objects.filter(deployment_id__in=deployments, finding=question.finding)[: MOST_ROWS + 1].count()
        > MOST_ROWS
    ):
        return f"they have more than {MOST_ROWS:,} cases".replace(",", " ")
    for name in (metric, *(each for each in AMONG if each != metric)):
        cuts = [by_dimension("version"), by_dimension("site")]
        groups: dict[str, dict[str, Tally]] = defaultdict(dict)
        for (release, site), tally in tallies(question, cuts=cuts, metric=name).items():
            groups[release if version else ""].setdefault(site, Tally())
            for key, number in tally.patients.items():
                groups[release if version else ""][site].patients[key] += number
        if version and name == metric and version not in groups:
            return "none of them has a case of this version"
        for some in groups.values():
            cases, hits = ({site: getattr(each, of) for site, each in some.items()} for of in ("cases", "hits"))
            if why := may_enter(cases, hits, minimum_count=minimum_count, is_asked=name == metric):
                return why if name == metric else f"{why}, as another rate would show"
    return ""


def sharing_sites(asked: Asked) -> dict[str, int]:
    """Return the sites that share this product's sums with anybody now, with the strictest smallest count."""
    lines = Sharing.objects.filter(product=asked.product, starts_at__lte=asked.now)
    latest = lines.order_by("site", "to", "-starts_at").distinct("site", "to")
    found: dict[str, int] = {}
    for line in latest:
        if line.level != Sharing.Level.NONE:
            found[line.site_id] = max(found.get(line.site_id, 0), line.minimum_count)
    return found
