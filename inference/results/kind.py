"""What an inference is made of when it comes in, and how what it leaves out is filled."""

from datetime import datetime

from inference.errors import RowError
from inference.intake import flags
from inference.intake.completing import take, take_or_default
from inference.intake.context import Context
from inference.intake.fields import (
    Field,
    choice,
    class_scores,
    code,
    digest,
    key,
    mapping,
    moment,
    number,
    objects,
    short_code,
    uid,
)
from inference.intake.kinds import Kind, Row
from inference.intake.shared_fields import (
    DECISION,
    DEPLOYMENT,
    KNOWN_AT,
    MARKS,
    MASK,
    REGION,
    VALUES,
)
from inference.registry.queries import ConfigurationSettings, DeploymentSettings
from inference.results.models import Inference, Prediction
from inference.results.predicting import complete_prediction

RUN_REASONS = ("first", "resend", "corrected_input", "new_series", "device_retry")
LEVELS = ("frame", "image", "series", "study", "patient")
DONE = (Inference.Status.OK, "")

INPUT = (
    Field("kind", code),
    Field("use", code),
    Field("series_uid", uid),
    Field("sop_instance_uid", uid),
    Field("frame", number),
    Field("sha256", digest),
)
PREDICTION = (
    Field("finding", key, required=True),
    REGION,
    Field("score", number),
    Field("threshold", number),
    DECISION,
    *VALUES,
    Field("class_scores", class_scores),
    Field("priority", short_code),
    MARKS,
    Field("mask", mapping, parts=MASK),
)


def check_inference(row: Row, context: Context) -> None:
    """Refuse a run that names no deployment, or says two things of one finding and region."""
    if not row.deployment_key:
        raise RowError(field="deployment", reason="is missing: the site has none or more than one")
    seen = set()
    for place, part in enumerate(row.clean.get("predictions", [])):
        named = (part["finding"], part.get("region", ""))
        if named in seen:
            raise RowError(field=f"predictions[{place}]", reason="is a second prediction of one finding and region")
        seen.add(named)


def complete_inference(row: Row, context: Context) -> None:
    settings = context.settings_of(row.deployment_key)
    row.columns["deployment_id"] = row.deployment_key
    take(row, "version", "status", "supersedes")
    row.columns["started_at"], row.columns["finished_at"] = row.clean.get("started_at"), row.clean.get("finished_at")
    row.columns["inputs"] = row.record.get("inputs", [])
    take_or_default(row, "run_reason", "first")
    take_or_default(row, "level", "study")
    take_purpose(row)
    take_acquired_at(row, context=context)
    configuration = settings.in_force(moment_of_run(row, context=context))
    row.columns["mode"] = configuration.mode if configuration else ""
    judge_run(row, settings=settings, configuration=configuration)
    row.parts = [
        complete_prediction(part, settings=settings, configuration=configuration, row=row)
        for part in row.record.get("predictions", [])
    ]


def take_purpose(row: Row) -> None:
    if row.purpose:
        row.columns["purpose"] = row.purpose
    else:
        row.default("purpose", "clinical")


def take_acquired_at(row: Row, *, context: Context) -> None:
    """Take the time of acquisition as sent, else as known of the study, else the moment of receipt."""
    sent = row.clean.get("study", {}).get("acquired_at")
    study = context.studies.get(row.study_id) if row.study_id else None
    if sent:
        row.columns["acquired_at"] = sent
    else:
        row.default("acquired_at", (study.acquired_at if study else None) or context.now)


def moment_of_run(row: Row, *, context: Context) -> datetime:
    """Return when the device ran, as well as it is known: a clock in the future is not believed."""
    said = (row.clean.get("started_at"), row.clean.get("finished_at"), row.columns["acquired_at"])
    return next((each for each in said if each and not context.is_future([each])), context.now)


def judge_run(row: Row, *, settings: DeploymentSettings, configuration: ConfigurationSettings | None) -> None:
    version = row.columns["version"]
    if not version:
        row.flag(flags.NO_VERSION)
    elif version not in settings.versions:
        row.flag(flags.UNREGISTERED_VERSION)
    elif configuration and configuration.version != version:
        row.flag(flags.VERSION_NOT_IN_FORCE)
    if configuration is None:
        row.flag(flags.NO_CONFIGURATION)
    if not row.columns["status"]:
        row.flag(flags.NO_STATUS)
    if row.columns["status"] in DONE and not row.record.get("predictions"):
        row.flag(flags.MISSING_PREDICTION)


INFERENCE = Kind(
    name="inference",
    uid_field="inference_uid",
    fields=(
        Field("inference_uid", uid, required=True),
        DEPLOYMENT,
        Field("version", key),
        Field("status", choice(Inference.Status.values)),
        Field("run_reason", choice(RUN_REASONS)),
        Field("supersedes", uid),
        Field("level", choice(LEVELS)),
        Field("inputs", objects, parts=INPUT),
        Field("started_at", moment),
        Field("finished_at", moment),
        Field("predictions", objects, parts=PREDICTION),
        KNOWN_AT,
    ),
    identity=(),
    table=Inference,
    part_table=Prediction,
    flat="predictions",
    by_deployment=True,
    check=check_inference,
    complete=complete_inference,
)
