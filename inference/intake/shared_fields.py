"""Fields that several kinds of fact have in common."""

from inference.intake.fields import (
    Field,
    category,
    choice,
    code,
    day,
    digest,
    key,
    moment,
    number,
    objects,
    point_list,
    text,
    uid,
    unit_code,
)

DECISIONS = ("positive", "negative", "indeterminate", "not_assessable")

MARK = (
    Field("mark_uid", uid),
    *(Field(name, number) for name in ("x", "y", "z", "width", "height", "depth", "radius", "angle")),
    Field("points", point_list),
    Field("score", number),
    Field("label", code),
    Field("series_uid", uid),
    Field("sop_instance_uid", uid),
    Field("frame", number),
)
MASK = (
    Field("kind", code),
    Field("series_uid", uid),
    Field("sop_instance_uid", uid),
    Field("sha256", digest),
    Field("frame", number),
    Field("label", code),
)

STUDY_NAMES = (
    Field("study_uid", uid),
    Field("accession_number", uid),
    Field("patient_id", uid),
    Field("acquired_on", day),
)
MARKS = Field("marks", objects, parts=MARK)
REGION = Field("region", key)
READER = Field("reader", text, required=True)
REASON = Field("reason", text)
AMENDS = Field("amends", uid)
KNOWN_AT = Field("known_at", moment)
DEPLOYMENT = Field("deployment", key)
INFERENCE_UID = Field("inference_uid", uid)
DECISION = Field("decision", choice(DECISIONS))
VALUES = (Field("category", category), Field("measurement", number), Field("unit", unit_code))
