"""What a truth is made of when it comes in."""

import re
from typing import Any

from inference.errors import RowError
from inference.intake.completing import (
    judge_concept,
    take,
    take_measurement,
    take_moment,
    take_or_default,
    take_or_null,
)
from inference.intake.context import Context
from inference.intake.described import coded
from inference.intake.fields import Field, boolean, choice, key, mapping, moment, uid
from inference.intake.kinds import Kind, Row, always
from inference.intake.shared_fields import AMENDS, DECISIONS, KNOWN_AT, MARKS, REGION, STUDY_NAMES, VALUES
from inference.registry.vocabulary import CERTAINTIES, STANDARDS
from inference.truth.models import Truth

LEVELS = ("frame", "image", "series", "lesion", "region", "study", "patient")
ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def attributes(value: Any) -> dict[str, Any]:
    """Understand what else is known of a truth: short names, each with a number, a code, or true or false."""
    found = {}
    for name, said in mapping(value).items():
        if not isinstance(name, str) or not ATTRIBUTE_NAME.fullmatch(name):
            raise ValueError("has a name that is not of lower-case letters, digits and underscores")
        if said is not None and said != "":
            found[name] = coded(said)
    return found


def check_truth(row: Row, context: Context) -> None:
    """Refuse a truth that says nothing; a missing level is part of its identity and filled here."""
    if not {"value", "category", "measurement", "marks"} & row.clean.keys():
        raise RowError(field="value", reason="is missing, and there is no category, measurement or mark either")
    if "level" not in row.clean:
        row.default("level", "region" if row.clean.get("region") else "study")


def complete_truth(row: Row, context: Context) -> None:
    if "level" in row.clean:
        take(row, "level")
    take(row, "finding", "region", "value", "standard", "amends")
    take_or_null(row, "category", "marks", "blinded_to_ai")
    row.columns["attributes"] = row.record.get("attributes", {})
    row.columns["observed_until"] = row.clean.get("observed_until")
    take_or_default(row, "certainty", "probable")
    take_measurement(row, context=context)
    take_moment(row, "determined_at", context=context)
    judge_concept(row, context=context)


TRUTH = Kind(
    name="truth",
    uid_field="truth_uid",
    fields=(
        Field("truth_uid", uid),
        *STUDY_NAMES,
        Field("finding", key, required=True),
        Field("level", choice(LEVELS)),
        REGION,
        Field("value", choice(DECISIONS)),
        *VALUES,
        MARKS,
        Field("attributes", attributes),
        Field("standard", choice(STANDARDS), required=True),
        Field("certainty", choice(CERTAINTIES)),
        Field("blinded_to_ai", boolean),
        Field("observed_until", moment),
        Field("determined_at", moment),
        AMENDS,
        KNOWN_AT,
    ),
    identity=("finding", "region", "level", "standard", "determined_at"),
    table=Truth,
    may_mean_order=always,
    check=check_truth,
    complete=complete_truth,
)
