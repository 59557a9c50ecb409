"""Makes the sample drift report in a process of its own, within a time limit."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monitoring.errors import ReportError

ROOT = Path(__file__).resolve().parent.parent.parent
TIME_LIMIT_SECONDS = 60


def make_report(*, reference: Sequence[Mapping[str, Any]], current: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the report as HTML.

    Raises:
        ReportError: a side is empty, or the report could not be made in time.
    """
    if not reference or not current:
        raise ReportError(
            "There are no scored studies in the window or in the reference, so there is nothing to compare."
        )
    asked = json.dumps({"reference": list(reference), "current": list(current)}).encode()
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", ""), "DO_NOT_TRACK": "1"}
    command = [sys.executable, "-m", "monitoring.drift.evidently_report"]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=asked, capture_output=True, timeout=TIME_LIMIT_SECONDS, cwd=ROOT, env=environment, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise ReportError("The report took too long; choose a shorter window.") from error
    except subprocess.CalledProcessError as error:
        raise ReportError("The report could not be made from these rows.") from error
    return done.stdout
