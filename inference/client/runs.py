"""One run of a device, timed: what it predicts, or how it failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from inference.client.rows import new_uid, without_gaps


@dataclass(slots=True, kw_only=True)
class Run:
    """What is known of a run while it goes on; the recorder logs it when it ends, however it ends."""

    fields: dict[str, Any] = field(default_factory=dict)
    inference_uid: str = field(default_factory=new_uid)
    status: str = "ok"
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    predictions: list[dict[str, Any]] = field(default_factory=list)

    def predict(self, finding: str, **values: Any) -> None:
        """Add a prediction: `score`, `region`, `decision`, `category`, `measurement`, `unit`, `marks`, `mask` …"""
        self.predictions.append(without_gaps({"finding": finding, **values}))

    def describe(self, **fields: Any) -> None:
        """Add what only became known on the way, such as `acquisition` or `inputs`."""
        self.fields.update(fields)

    def reject(self) -> None:
        """Say that the device refuses this input."""
        self.status = "rejected_input"

    def fail(self, error: BaseException) -> None:
        """Say how the run ended."""
        if isinstance(error, TimeoutError):
            self.status = "timed_out"
        elif isinstance(error, KeyboardInterrupt | GeneratorExit) or type(error).__name__ == "CancelledError":
            self.status = "cancelled"
        else:
            self.status = "failed"

    def row(self) -> Mapping[str, Any]:
        """Return the run as the intake takes it."""
        return {
            "inference_uid": self.inference_uid,
            "status": self.status,
            "started_at": self.started_at,
            "predictions": self.predictions,
            **self.fields,
        }
