"""Errors of the API as RFC 9457 has them: `application/problem+json`."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, JsonResponse

from inference.connectors.ndjson import MalformedJSONError
from inference.errors import SourceNotAllowedError

TITLES: Mapping[int, str] = {
    400: "The body is not JSON",
    401: "No valid token",
    403: "Not for this token",
    404: "No such address",
    405: "Only POST is answered here",
    411: "The body has no length",
    413: "The body is too large",
    415: "The body cannot be unpacked",
    429: "Too many requests",
    503: "The database is busy",
}

BUSY = "Nothing more was stored; send it again."
CUT = "The body ended before its length was reached; what was not answered was not stored. Send it again."
FOREIGN = "A row names a deployment that this token may not write to."


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more
        super().__init__(detail)


def foreign(error: SourceNotAllowedError) -> ProblemError:
    """Return what a sender is told whose row names a deployment of another, whether or not it exists."""
    return ProblemError(403, FOREIGN, row=error.row, field="deployment")


def malformed(error: MalformedJSONError) -> ProblemError:
    return ProblemError(400, f"{error}. Nothing was stored.", line=error.line, column=error.column)


def busy() -> ProblemError:
    return ProblemError(503, BUSY, headers={"Retry-After": "5"})


def problem_content(problem: ProblemError) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": TITLES[problem.status],
        "status": problem.status,
        "detail": problem.detail,
        **problem.more,
    }


def problem_response(problem: ProblemError) -> HttpResponse:
    return JsonResponse(
        problem_content(problem),
        status=problem.status,
        headers=problem.headers,
        content_type="application/problem+json",
    )
