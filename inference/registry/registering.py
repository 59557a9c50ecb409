"""Who may register what by file: an administrator of everything all of it, an engineer versions of own products."""

from datetime import datetime

from audit.access.decisions import Scope, Visitor, scope_for
from audit.access.models import User
from inference.errors import RegistryFileError
from inference.registry.actions import RegisterReport, register
from inference.registry.lines import ProductLine, RegistryFile
from inference.registry.models import Product
from inference.registry.reading import read_registry

OTHER_SECTIONS = ("organisations", "sites", "concepts", "truth_rules", "deployments", "sharing")
OTHER_FIELDS = (
    "name", "manufacturer", "intended_use", "udi_di", "dimensions", "regions", "markets", "findings", "claims",
)  # fmt: skip


def may_register_all(user: Visitor) -> bool:
    """A file may speak of any organisation, so it takes an administrator of everything."""
    return scope_for(user, "manage_registry").is_everything


def may_register(user: Visitor) -> bool:
    return may_register_all(user) or bool(scope_for(user, "register_version"))


def register_for(user: User, *, text: str, now: datetime) -> RegisterReport:
    """Register a file as far as the user's right goes; one line beyond it and nothing is stored.

    Raises:
        RegistryFileError, HistoryError
    """
    if not may_register_all(user):
        check_versions_only(read_registry(text), scope=scope_for(user, "register_version"))
    return register(text=text, actor=user.actor, now=now)


def check_versions_only(file: RegistryFile, *, scope: Scope) -> None:
    """Raise unless a file says nothing but versions of products that the scope reaches."""
    for section in OTHER_SECTIONS:
        lines = getattr(file, section)
        if lines:
            raise RegistryFileError(
                f"Line {lines[0].line}: your role registers versions; an administrator registers {section}."
            )
    for line in file.products:
        check_product(line, scope=scope)


def check_product(line: ProductLine, *, scope: Scope) -> None:
    product = Product.objects.filter(pk=line.key).first()
    if product is None or not scope.covers(organisation=product.manufacturer_id, product=product.pk):
        raise RegistryFileError(f"Line {line.line}: there is no product {line.key!r} whose versions you may register.")
    said = next((name for name in OTHER_FIELDS if getattr(line, name)), None)
    if said:
        raise RegistryFileError(
            f"Line {line.line}, product/{line.key}: {said}: your role registers versions; leave it out."
        )
