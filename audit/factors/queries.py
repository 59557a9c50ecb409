"""Which factors a person has."""

from audit.factors.models import Factor, FactorQuerySet, RecoveryCode
from audit.factors.passkeys import HeldKey


def factors_of(user_id: int) -> FactorQuerySet:
    """Return a person's factors in force, oldest first."""
    return Factor.objects.filter(user_id=user_id).in_force().order_by("id")


def has_factor(user_id: int) -> bool:
    return factors_of(user_id).exists()


def keys_of(user_id: int) -> list[HeldKey]:
    return [held(each) for each in factors_of(user_id).keys()]  # noqa: SIM118 - a query, no mapping


def held(factor: Factor) -> HeldKey:
    return HeldKey(
        credential=bytes(factor.credential or b""),
        public_key=bytes(factor.material),
        counter=max(factor.counter, 0),
        transports=factor.transports,
    )


def codes_left(user_id: int) -> int:
    return RecoveryCode.objects.filter(user_id=user_id, used_at=None).count()
