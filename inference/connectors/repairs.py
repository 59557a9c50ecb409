"""Sending a whole group again with one change. Rows that still do not go in stay as they are, with the reason counted.

A batch and the place it reached are one transaction: whatever dies, the next
task goes on after the last batch that was committed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from django.db import transaction
from django.db.models import QuerySet

from audit.access.models import User
from audit.log.actions import record_act, record_facts
from audit.log.models import Act
from inference.connectors.actions import content_of
from inference.connectors.changes import Change
from inference.connectors.kinds import KINDS, PLURALS
from inference.connectors.models import Repair
from inference.connectors.ndjson import MalformedJSONError, parse
from inference.connectors.set_aside_groups import GroupKey
from inference.errors import SetAsideStateError
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Receipt, Source
from inference.intake.models import SetAside
from inference.studies.pseudonyms import keyring_of

BATCH_ROWS = 500
LOST = "its content cannot be opened any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """One row as the change made it, or why it could not be made."""

    aside: SetAside
    raw: RawRow | None = None
    problem: str = ""


@transaction.atomic
def start_repair(rows: QuerySet[SetAside], *, key: GroupKey, change: Change, by: User, now: datetime) -> Repair | None:
    """Return the repair of the rows of a group that wait now; None where none does."""
    keys = list(key.of(rows).order_by("pk").values_list("pk", flat=True))
    if not keys:
        return None
    repair = Repair(
        site_id=key.site,
        kind=key.kind,
        outcome=key.outcome,
        field=key.field,
        pattern=key.pattern,
        words=str(change)[:300],
        rows=len(keys),
        last=keys[-1],
        requested_at=now,
        requested_by=by.actor,
    )
    keyring = keyring_of(repair.site.organisation_id)
    repair.sealed_change = keyring.seal(change.as_json(), subject="group-repair")
    repair.save()
    log_step(repair, act="repair.started", now=now, rows=repair.rows, change=repair.words)
    return repair


def change_of(repair: Repair) -> Change:
    keyring = keyring_of(repair.site.organisation_id)
    return Change.from_json(keyring.open(bytes(repair.sealed_change), subject="group-repair"))


@transaction.atomic
def repair_some(*, repair_id: int, now: datetime, most: int = BATCH_ROWS) -> bool:
    """Send the next rows of a repair again; return whether there may be more."""
    repair = Repair.objects.select_for_update(of=("self",)).select_related("site").filter(pk=repair_id).first()
    if repair is None or repair.finished_at:
        return False
    asides = list(rows_to_try(repair).select_for_update(of=("self",)).order_by("pk")[:most])
    if not asides:
        finish(repair, now=now)
        return False
    went, stayed = send_again(asides, repair=repair, now=now)
    repair.reached = asides[-1].pk
    repair.went_in += went
    repair.stayed += sum(stayed.values())
    repair.why = dict(Counter(repair.why) + stayed)
    repair.save(update_fields=["reached", "went_in", "stayed", "why"])
    return True


def rows_to_try(repair: Repair) -> QuerySet[SetAside]:
    key = GroupKey(
        site=repair.site_id, kind=repair.kind, outcome=repair.outcome, field=repair.field, pattern=repair.pattern
    )
    return key.of(SetAside.objects.filter(pk__gt=repair.reached, pk__lte=repair.last)).select_related("site")


def send_again(asides: Sequence[SetAside], *, repair: Repair, now: datetime) -> tuple[int, Counter[str]]:
    """Close and store the rows that go in; return how many did, and why the others did not."""
    change = change_of(repair)
    made = [repaired(aside, change=change) for aside in asides]
    stayed = Counter(each.problem for each in made if each.problem)
    went = 0
    for source, group in by_source(made, actor=repair.requested_by).items():
        statuses, refused = accepted(group, source=source, repair=repair, now=now)
        went += statuses
        stayed.update(refused)
    return went, stayed


def repaired(aside: SetAside, *, change: Change) -> Repaired:
    try:
        value = parse(content_of(aside).encode("utf-8", "surrogatepass"))
    except MalformedJSONError:
        return Repaired(aside=aside, problem="is not JSON")
    except (InvalidTag, ValueError):  # its key or its content has ended
        return Repaired(aside=aside, problem=LOST)
    return Repaired(aside=aside, raw=RawRow(number=aside.pk, value=change.of(value)))


def by_source(made: Iterable[Repaired], *, actor: str) -> dict[Source, list[Repaired]]:
    """Return the rows by whom they are sent for: the site, or a deployment where the row itself names none."""
    found: dict[Source, list[Repaired]] = defaultdict(list)
    for each in made:
        if each.raw is None:
            continue
        names = isinstance(each.raw.value, dict) and bool(each.raw.value.get("deployment"))
        source = Source(
            site_key=each.aside.site_id,
            deployment_key="" if names else each.aside.deployment_id or "",
            actor=actor,
            origin="replay",
            refuses_foreign=False,
        )
        found[source].append(each)
    return found


def accepted(group: Sequence[Repaired], *, source: Source, repair: Repair, now: datetime) -> tuple[int, Counter[str]]:
    """Take in what goes in. Those that do not are found by a first try, which is undone."""
    refused: Counter[str] = Counter()
    remaining = list(group)
    while remaining:
        receipts, all_in = tried(remaining, source=source, repair=repair, now=now)
        if all_in:
            break
        refused.update(receipt.reason or receipt.status for receipt in receipts if not receipt.is_in)
        remaining = [each for each, receipt in zip(remaining, receipts, strict=True) if receipt.is_in]
    return len(remaining), refused


def tried(group: Sequence[Repaired], *, source: Source, repair: Repair, now: datetime) -> tuple[list[Receipt], bool]:
    with transaction.atomic():
        keys = [each.aside.pk for each in group]
        waiting = SetAside.objects.filter(pk__in=keys, state=SetAside.State.WAITING)
        closed = waiting.update(state=SetAside.State.REPLAYED, closed_at=now, closed_by=repair.requested_by)
        if closed != len(keys):
            raise SetAsideStateError(keys[0])
        raws = [each.raw for each in group if each.raw is not None]
        receipts = accept(rows=raws, kind=KINDS[PLURALS[repair.kind]], source=source, now=now)
        all_in = all(receipt.is_in for receipt in receipts)
        if all_in:
            log_replayed(group, receipts=receipts, repair=repair, now=now)
        else:
            transaction.set_rollback(True)
    return receipts, all_in


def log_replayed(group: Sequence[Repaired], *, receipts: Sequence[Receipt], repair: Repair, now: datetime) -> None:
    organisation = repair.site.organisation_id
    acts = [
        (replayed(each.aside, status=receipt.status, repair=repair, now=now), f"{repair.pk}/{each.aside.pk}")
        for each, receipt in zip(group, receipts, strict=True)
    ]
    record_facts(acts, scope=f"organisation/{organisation}", kind="row.replayed", actor=repair.requested_by)


def replayed(aside: SetAside, *, status: str, repair: Repair, now: datetime) -> Act:
    details = {"site": aside.site_id, "kind": aside.kind, "digest": aside.digest, "status": status, "repair": repair.pk}
    return Act(
        organisation=repair.site.organisation_id, subject=f"set-aside/{aside.pk}", details=details, received_at=now
    )


def finish(repair: Repair, *, now: datetime) -> None:
    repair.finished_at, repair.sealed_change = now, b""  # its value is of no use any more, and may be anything
    repair.save(update_fields=["finished_at", "sealed_change"])
    log_step(repair, act="repair.finished", now=now, went_in=repair.went_in, stayed=repair.stayed)


def log_step(repair: Repair, *, act: str, now: datetime, **details: str | int) -> None:
    record_act(
        act,
        organisation=repair.site.organisation_id,
        subject=f"repair/{repair.pk}",
        actor=repair.requested_by,
        at=now,
        details={"site": repair.site_id, "kind": repair.kind, "field": repair.field, **details},
    )


def fields_of(kind: str) -> list[str]:
    """Return the paths that a row of this kind may have, for the form's list."""
    paths = []
    for known in KINDS[PLURALS[kind]].fields:
        paths.append(known.name)
        paths.extend(f"{known.name}.{part.name}" for part in known.parts)
    return paths


def unfinished_repairs() -> list[int]:
    return list(Repair.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True))
