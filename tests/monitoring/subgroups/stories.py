"""Hospitals with groups of patients, counted and summed, for tests of the page of subgroups."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from monitoring.dashboards.catching_up import work_off
from tests.factories import NOON, inference_row, make_network, send, study_part, truth_row

LATER = NOON + timedelta(days=5)
PAGE, CSV = "/products/cxr/subgroups/", "/products/cxr/subgroups.csv"


class Story:
    """Sends groups of ill patients, so many of them missed, one study each; numbers go on from group to group."""

    def __init__(self, text: str = "") -> None:
        make_network(*([text] if text else []))
        self.number = 0

    def ill(
        self, count: int, *, missed: int, site: str = "north", covariates: Mapping[str, Any] | None = None, **study
    ):
        self.send(count, flagged=count - missed, value="positive", site=site, covariates=covariates or {}, **study)

    def well(self, count: int, *, flagged: int = 0, site: str = "north", covariates=None, **study):
        self.send(count, flagged=flagged, value="negative", site=site, covariates=covariates or {}, **study)

    def send(self, count: int, *, flagged: int, value: str, site: str, covariates: Mapping[str, Any], **study):
        numbers = range(self.number + 1, self.number + count + 1)
        self.number += count
        rows = [
            inference_row(
                number,
                score=0.9 if place < flagged else 0.1,
                deployment=f"cxr-{site}",
                study=study_part(number, **study),
                covariates=dict(covariates),
            )
            for place, number in enumerate(numbers)
        ]
        send("inferences", *rows, site=site)
        send("truth", *(truth_row(number, value=value) for number in numbers), site=site)

    def count(self) -> None:
        work_off(now=LATER)
