"""What a kind of fact declares: its fields, its identity, its table, and how missing values are filled.

Each subject declares its kind beside its table (`inference/results/kind.py` …);
the one pipeline of actions.py serves them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Model

from inference.intake.fields import Field
from inference.studies.models import StudyFact


@dataclass(slots=True, kw_only=True)
class Row:
    """One row on its way in. Each step of the pipeline fills its part."""

    number: int
    clean: dict[str, Any]
    flags: list[str]
    raw: bytes
    uid: str = ""
    scope: str = ""
    entry_uid: str = ""
    person_id: UUID | None = None
    study_id: UUID | None = None
    named_person: UUID | None = None
    other_person: UUID | None = None
    deployment_key: str = ""
    record: dict[str, Any] = field(default_factory=dict)
    record_sha256: bytes = b""
    columns: dict[str, Any] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)

    def flag(self, name: str) -> None:
        if name not in self.flags:
            self.flags.append(name)


Complete = Callable[[Row, Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The declaration of one kind of fact.

    `identity` are the fields that make the uid of a row that brings none;
    `free` the fields whose text may identify somebody and enters as a
    commitment; `persons` the fields that name a patient beside `patient_id`.
    """

    name: str
    uid_field: str
    fields: tuple[Field, ...]
    identity: tuple[str, ...]
    table: type[StudyFact]
    complete: Complete
    free: tuple[str, ...] = ("reason",)
    by_deployment: bool = False
    needs_study: bool = True
    check: Complete | None = None
    part_table: type[Model] | None = None

    @property
    def by_name(self) -> Mapping[str, Field]:
        return {known.name: known for known in self.fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who sends rows, and for what: a site, or one deployment of it."""

    site_key: str
    actor: str
    origin: str
    deployment_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to one row."""

    row: int
    kind: str
    uid: str | None
    status: str
    flags: tuple[str, ...] = ()
    record_sha256: str | None = None
    reason: str | None = None
    field: str | None = None

    @property
    def is_in(self) -> bool:
        return self.status in {"stored", "stored_flagged", "duplicate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """A row as it came: its value, or why it could not even be read."""

    number: int
    value: Any = None
    raw: bytes = b""
    problem: str = ""
    problem_field: str = ""
