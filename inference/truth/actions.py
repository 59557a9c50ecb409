"""Settling and amending a truth: a row is built that an outside system would have sent, and taken in like any other."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from audit.access.models import User
from inference.errors import InferenceError
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Receipt, Source
from inference.studies.models import Study
from inference.truth.kind import TRUTH
from inference.truth.models import Truth

ORIGIN = "page:truth"


class TruthRefusedError(InferenceError):
    """Intake did not take a truth that a page had checked; the message gives its reason."""


def settle_truth(
    *, study: Study, values: Mapping[str, Any], by: User, now: datetime, amends: Truth | None = None
) -> Receipt:
    """Store a truth. One that amends another leaves it in the log.

    Raises:
        TruthRefusedError: intake refuses it; nothing is stored.
    """
    source = Source(site_key=study.site_id, actor=by.actor, origin=ORIGIN, by_log_names=True)
    row = truth_row(study=study, values=values, amends=amends)
    [receipt] = accept(rows=[RawRow(number=1, value=row)], kind=TRUTH, source=source, now=now)
    if not receipt.is_in:
        raise TruthRefusedError(f"The truth was not stored: {receipt.reason}")
    return receipt


def truth_row(*, study: Study, values: Mapping[str, Any], amends: Truth | None) -> dict[str, Any]:
    row = {"study_uid": str(study.pk), **values, "amends": amends.entry.uid if amends else ""}
    size_mm = row.pop("size_mm", None)
    if size_mm is not None:
        row["attributes"] = {"size_mm": size_mm}
    moments = {name: value.isoformat() for name, value in row.items() if isinstance(value, datetime)}
    return {name: value for name, value in (row | moments).items() if value not in ("", None)}
