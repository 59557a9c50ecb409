"""`POST /api/v1/fhir`: reports and observations of a FHIR R4 server, answered as FHIR answers."""

from __future__ import annotations

import logging
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from audit.access.models import Token
from inference.connectors.api import bearer, body_of
from inference.connectors.problems import ProblemError
from inference.messages.hl7_messages import UnreadableMessageError
from inference.messages.models import InboundMessage
from inference.messages.receiving import Taken, receive_fhir
from inference.registry.models import Site

logger = logging.getLogger(__name__)

JSON = "application/fhir+json"
CODES = {400: "invalid", 401: "login", 403: "forbidden", 405: "not-supported", 413: "too-long", 415: "not-supported"}


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    """Answer one resource with an outcome, a bundle with a bundle of outcomes, in the order they were read."""
    try:
        if request.method != "POST":
            raise ProblemError(405, "Send a resource or a bundle with POST.", headers={"Allow": "POST"})
        site = site_of(bearer(request))
        body = body_of(request)
        found = receive_fhir(body, site=site, origin="fhir", now=timezone.now())
    except UnreadableMessageError as error:
        return answer(outcome("error", "invalid", f"{error}. Nothing was stored."), status=400)
    except ProblemError as problem:
        code = CODES.get(problem.status, "processing")
        return answer(outcome("error", code, problem.detail), status=problem.status, headers=problem.headers)
    except OperationalError:
        logger.exception("a FHIR body was not stored")
        return answer(outcome("error", "transient", "Nothing was stored; send it again."), status=503)
    logger.info("FHIR accepted: site=%s resources=%d", site.pk, len(found))
    if len(found) == 1 and b'"Bundle"' not in body:
        kind, taken = found[0]
        return answer(outcome_of(kind, taken), status=status_of(taken))
    return answer({"resourceType": "Bundle", "type": "batch-response", "entry": [entry_of(*each) for each in found]})


def site_of(token: Token) -> Site:
    site = Site.objects.filter(pk=token.site).first() if token.site else None
    if site is None:
        raise ProblemError(403, "FHIR is taken with a token of a site.")
    return site


def entry_of(kind: str, taken: Taken) -> dict[str, Any]:
    words = {201: "201 Created", 200: "200 OK", 422: "422 Unprocessable Entity"}
    return {"response": {"status": words[status_of(taken)], "outcome": outcome_of(kind, taken)}}


def status_of(taken: Taken) -> int:
    if taken.state == InboundMessage.State.REFUSED or taken.problems:
        return 422
    return 200 if taken.is_duplicate else 201


def outcome_of(kind: str, taken: Taken) -> dict[str, Any]:
    if taken.state == InboundMessage.State.REFUSED:
        return outcome("error", "invalid", f"{kind}: {taken.reason}. It is kept for a person to look at.")
    if taken.problems:
        return outcome("error", "processing", f"{kind}: kept in quarantine: {taken.problems[0].reason}")
    if taken.state == InboundMessage.State.WAITING:
        return outcome("information", "informational", f"{kind}: stored; it waits: {taken.reason}")
    return outcome("information", "informational", f"{kind}: stored")


def outcome(severity: str, code: str, words: str) -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "diagnostics": words}],
    }


def answer(content: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return JsonResponse(content, status=status, headers=headers or {}, content_type=JSON)
