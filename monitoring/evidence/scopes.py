"""What a package is about: the deployments and days, narrowed to a study or a signal, and how deep it goes."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from inference.registry.models import Deployment, Organisation, Product, Site
from inference.registry.queries import organisation_of_site
from monitoring.errors import UnknownScopeError
from monitoring.signals.models import Signal

AGGREGATE, ROWS = "aggregate", "rows"
REGULATOR, RESEARCH = "regulator", "research"
PURPOSES = (REGULATOR, RESEARCH)
OUTSIDE = "outside"  # a recipient who is in no registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One export as it was asked for. `since` is inclusive, `until` exclusive, by day of acquisition.

    `recipient` is the organisation that gets it, by key; empty where it stays in the house. For research every
    patient's dates are shifted, so that nothing of the facts can be proved.
    """

    product: str
    since: date
    until: date
    site: str = ""
    study: UUID | None = None
    signal: str = ""
    change: str = ""
    as_of: datetime | None = None
    previous: Path | None = None
    level: str = ROWS
    minimum_count: int = 0
    deployments: tuple[str, ...] | None = None
    purpose: str = REGULATOR
    recipient: str = ""
    renditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the registry makes of it."""

    wanted: Wanted
    product: Product
    deployments: tuple[Deployment, ...]
    signal: Signal | None = None
    opted_out: frozenset[UUID] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(each.pk for each in self.deployments)

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(sorted({each.site_id for each in self.deployments}))

    @property
    def organisations(self) -> tuple[str, ...]:
        """The logs that the package takes from."""
        return tuple(sorted({organisation_of_site(site) for site in self.sites}))

    @property
    def is_research(self) -> bool:
        return self.wanted.purpose == RESEARCH

    @property
    def is_shared(self) -> bool:
        """Whether it leaves a house whose patients are in it."""
        to = self.wanted.recipient
        return self.is_research or (bool(to) and any(each != to for each in self.organisations))

    @property
    def has_rows(self) -> bool:
        return self.wanted.level != AGGREGATE

    @property
    def is_narrowed(self) -> bool:
        """Whether it holds only some of the cases, so that figures of all of them do not belong in it."""
        return self.wanted.study is not None


def scope_of(wanted: Wanted) -> Scope:
    """Return the deployments of an export.

    Raises:
        UnknownScopeError: product, site, signal, change or recipient is not there, or the product runs nowhere in it.
    """
    product = Product.objects.filter(pk=wanted.product).first()
    if product is None:
        raise UnknownScopeError(f"There is no product {wanted.product!r} in the registry.")
    if wanted.site and not Site.objects.filter(pk=wanted.site).exists():
        raise UnknownScopeError(f"There is no site {wanted.site!r} in the registry.")
    if wanted.until <= wanted.since:
        raise UnknownScopeError("The period ends before it begins: --to is the first day that is left out.")
    if wanted.change:
        raise UnknownScopeError(f"There is no change {wanted.change!r} in this scope: no change is recorded yet.")
    if wanted.recipient not in ("", OUTSIDE) and not Organisation.objects.filter(pk=wanted.recipient).exists():
        raise UnknownScopeError(f"There is no organisation {wanted.recipient!r} in the registry.")
    if wanted.renditions and (wanted.purpose == RESEARCH or wanted.level == AGGREGATE):
        raise UnknownScopeError("DICOM SR and FHIR go with rows as they were logged: not with research or aggregates.")
    signal = signal_of(wanted)
    deployments = Deployment.objects.filter(product=product).select_related("site").order_by("key")
    if wanted.site:
        deployments = deployments.filter(site_id=wanted.site)
    if wanted.deployments is not None:
        deployments = deployments.filter(pk__in=wanted.deployments)
    if signal is not None:
        deployments = deployments.filter(pk=signal.monitor.deployment_id)
    found = tuple(deployments)
    if not found and signal is not None:
        raise no_signal(wanted.signal)  # of another deployment, or none at all: the answer is the same
    if not found:
        raise UnknownScopeError(f"The product {wanted.product!r} runs nowhere in this scope.")
    return Scope(wanted=wanted, product=product, deployments=found, signal=signal)


def signal_of(wanted: Wanted) -> Signal | None:
    if not wanted.signal:
        return None
    found = Signal.objects.select_related("monitor").filter(uid=wanted.signal).first()
    if found is None:
        raise no_signal(wanted.signal)
    return found


def no_signal(uid: str) -> UnknownScopeError:
    return UnknownScopeError(f"There is no signal {uid!r} in this scope.")
