"""What a kind of fact declares: its fields, its identity, its table, and how missing values are filled.

Each subject declares its kind beside its table (`inference/results/kind.py` …);
the one pipeline of actions.py serves them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from inference.intake.fields import Field
from inference.studies.identities import Identifier
from inference.studies.models import StudyFact


@dataclass(slots=True, kw_only=True)
class Row:
    """One row on its way in. Each step of the pipeline fills its part.

    `named_study` is the study that the row itself names; `study_id` may also
    come from the inference that it names.
    """

    number: int
    clean: dict[str, Any]
    raw: "RawRow"
    flags: list[str] = field(default_factory=list)
    defaulted: list[str] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    problem: str = ""
    uid: str = ""
    scope: str = ""
    entry_uid: str = ""
    person_id: UUID | None = None
    study_id: UUID | None = None
    named_study: UUID | None = None
    named_person: UUID | None = None
    patient: Identifier | None = None
    purpose: str | None = None
    other_person: UUID | None = None
    deployment_key: str = ""
    inference_uid: str = ""
    record: dict[str, Any] = field(default_factory=dict)
    record_sha256: bytes = b""
    columns: dict[str, Any] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)

    def flag(self, name: str) -> None:
        if name not in self.flags:
            self.flags.append(name)

    def owner(self, kind: "Kind") -> UUID | None:
        """Return whose fact it is: the patient of its study, or the one that a correction names."""
        if kind.names_persons_only:
            return self.named_person or self.person_id
        return self.person_id or self.named_person

    def default(self, name: str, value: Any) -> None:
        """Fill a column that the sender said nothing of, and mark it."""
        self.columns[name] = value
        self.defaulted.append(name)


Step = Callable[[Row, Any], None]


def never(row: Mapping[str, Any]) -> bool:
    return False


def always(row: Mapping[str, Any]) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The declaration of one kind of fact.

    `identity` are the fields that make the uid of a row that brings none;
    `free` the fields whose text may identify somebody and enters as a
    commitment; `flat` the field whose objects are rows of their own in a
    file. `inference_table` lets a kind that names an inference find its study;
    `names_persons_only` says that a patient it names need not be its study's,
    `may_mean_order` tells of a row whether naming an order alone it is about all of its studies.
    """

    name: str
    uid_field: str
    fields: tuple[Field, ...]
    identity: tuple[str, ...]
    table: type[StudyFact]
    complete: Step
    check: Step | None = None
    free: tuple[str, ...] = ("reason",)
    flat: str = ""
    by_deployment: bool = False
    needs_study: bool = True
    names_persons_only: bool = False
    may_mean_order: Callable[[Mapping[str, Any]], bool] = never
    part_table: type[Model] | None = None
    inference_table: type[StudyFact] | None = None
    by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {known.name: known for known in self.fields})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who sends rows, and for what: a site, or one deployment of it.

    `refuses_foreign` makes one row of another's deployment refuse the whole
    batch, as the API must; a command sets such a row aside instead.
    `by_log_names` says that the rows come from our own pages, which know
    studies and earlier facts only as the log names them: by random ids and
    pseudonyms. These stand where a sender's identifiers would.
    """

    site_key: str
    actor: str
    origin: str
    deployment_key: str = ""
    refuses_foreign: bool = True
    by_log_names: bool = False


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
