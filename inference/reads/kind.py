"""What a read and a response are made of when they come in."""

from inference.errors import RowError
from inference.intake import flags
from inference.intake.completing import (
    judge_concept,
    judge_region,
    take,
    take_measurement,
    take_moment,
    take_or_null,
)
from inference.intake.context import Context
from inference.intake.fields import Field, choice, code, key, moment, number, text, uid
from inference.intake.kinds import Kind, Row, always
from inference.intake.shared_fields import (
    AMENDS,
    DECISION,
    DEPLOYMENT,
    KNOWN_AT,
    MARKS,
    READER,
    REASON,
    REGION,
    STUDY_NAMES,
    VALUES,
)
from inference.reads.models import Read, Response
from inference.results.models import Inference

AI_EXPOSURES = ("none", "before", "concurrent", "after_locked_read", "unknown")
RESPONSES = (
    "agree", "partly_agree", "reject_ai_positive", "reject_ai_negative", "location_differs", "side_differs",
    "extent_differs", "grade_differs", "measurement_differs", "not_viewed", "not_shown", "ai_failed", "undecided",
)  # fmt: skip


def check_read(row: Row, context: Context) -> None:
    """Refuse a read that says nothing."""
    if not {"decision", "category", "measurement"} & row.clean.keys():
        raise RowError(field="decision", reason="is missing, and there is no category or measurement either")


def complete_read(row: Row, context: Context) -> None:
    take(row, "finding", "region", "reader", "reader_role", "session", "stage", "ai_exposure", "decision")
    take(row, "report_version", "amends")
    take_or_null(row, "category", "confidence", "marks")
    take_measurement(row, context=context)
    take_moment(row, "read_at", context=context)
    judge_concept(row, context=context)


READ = Kind(
    name="read",
    uid_field="read_uid",
    fields=(
        Field("read_uid", uid),
        *STUDY_NAMES,
        Field("finding", key, required=True),
        REGION,
        READER,
        Field("reader_role", code),
        Field("session", text),
        Field("stage", choice(Read.Stage.values), required=True),
        Field("ai_exposure", choice(AI_EXPOSURES)),
        DECISION,
        *VALUES,
        Field("confidence", number),
        MARKS,
        Field("report_version", key),
        AMENDS,
        Field("read_at", moment),
        KNOWN_AT,
    ),
    identity=("finding", "region", "reader", "session", "stage", "report_version"),
    table=Read,
    may_mean_order=always,
    check=check_read,
    complete=complete_read,
)


def complete_response(row: Row, context: Context) -> None:
    row.columns["deployment_id"] = row.deployment_key or None
    take(row, "inference_uid", "read_uid", "finding", "region", "mark_uid", "reader", "response", "reason", "amends")
    take_moment(row, "at", context=context)
    settings = context.settings_of(row.deployment_key)
    if row.columns["finding"] not in settings.findings:
        row.flag(flags.UNREGISTERED_FINDING)
    judge_region(row.columns["region"], regions=settings.regions, row=row)


RESPONSE = Kind(
    name="response",
    uid_field="response_uid",
    fields=(
        Field("response_uid", uid),
        Field("read_uid", uid),
        DEPLOYMENT,
        Field("inference_uid", uid, required=True),
        *STUDY_NAMES,
        Field("finding", key, required=True),
        REGION,
        Field("mark_uid", uid),
        READER,
        Field("response", choice(RESPONSES), required=True),
        REASON,
        Field("at", moment),
        AMENDS,
        KNOWN_AT,
    ),
    identity=("finding", "region", "mark_uid", "reader"),
    table=Response,
    needs_study=False,
    inference_table=Inference,
    complete=complete_response,
)
