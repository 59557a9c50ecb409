"""The intake API: one object, an array or NDJSON in, one receipt a row out.

Who the token belongs to decides what may be sent; what the rows mean is
decided by the one pipeline of inference.intake.
"""

import logging
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from audit.access.models import Token
from audit.access.queries import token_for
from audit.access.rates import ALONE as RATES
from audit.access.rates import rates_at
from inference.connectors.bodies import CutBodyError, open_body, too_large
from inference.connectors.kinds import KINDS
from inference.connectors.ndjson import MalformedJSONError, parse, read_lines
from inference.connectors.problems import CUT, ProblemError, busy, foreign, malformed, problem_response
from inference.connectors.streaming import Stream, answered, written
from inference.errors import SourceNotAllowedError
from inference.intake.actions import accept
from inference.intake.kinds import Kind, RawRow, Source
from inference.registry.models import Deployment, Site

logger = logging.getLogger(__name__)

OF_A_DEPLOYMENT = frozenset({"inferences", "events"})
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines"})
__all__ = ["RATES", "bearer", "body_of", "receive"]
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="radvigil"'}


@csrf_exempt
def receive(request: HttpRequest, plural: str) -> HttpResponseBase:
    """Answer a POST of rows of one kind."""
    try:
        kind = kind_named(request, plural)
        source = source_of(bearer(request), plural=plural)
        if request.content_type in LINES:
            return receive_lines(request, kind=kind, source=source)
        rows = rows_of(request)
        refuse_foreign(rows, source=source)
        return stored(rows, kind=kind, source=source)
    except ProblemError as problem:
        return problem_response(problem)
    except SourceNotAllowedError as error:
        return problem_response(foreign(error))
    except CutBodyError:
        return problem_response(ProblemError(400, CUT))
    except (OperationalError, OSError):
        logger.exception("batch not stored: kind=%s", plural)
        return problem_response(busy())


def stored(rows: Iterable[RawRow], *, kind: Kind, source: Source) -> HttpResponse:
    receipts = accept(rows=rows, kind=kind, source=source, now=timezone.now())
    logger.info("batch accepted: kind=%s site=%s rows=%d", kind.name, source.site_key, len(receipts))
    return HttpResponse(written(receipts), content_type="application/json")


def receive_lines(request: HttpRequest, *, kind: Kind, source: Source) -> HttpResponseBase:
    """Take lines in. What fits into one request is answered at once, more is streamed."""
    whole, largest = settings.RADVIGIL_LARGEST_REQUEST, settings.RADVIGIL_LARGEST_STREAM
    body = open_body(request, largest=largest)
    head = body.read(whole + 1)
    if b'"deployment"' in head or b"\\u" in head:
        refuse_foreign(read_lines(BytesIO(head)), source=source)
    if len(head) <= whole:
        return stored(read_lines(BytesIO(head)), kind=kind, source=source)
    stream = Stream(
        kind=kind, source=source, head=head, body=body, largest=largest, longest_line=whole, clock=timezone.now
    )
    pieces = answered(stream)
    return StreamingHttpResponse(begun(next(pieces), pieces), content_type="application/json")


def begun(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def kind_named(request: HttpRequest, plural: str) -> Kind:
    if plural not in KINDS:
        raise ProblemError(404, f"There are {', '.join(KINDS)}.")
    if request.method != "POST":
        raise ProblemError(405, "Send rows with POST.", headers={"Allow": "POST"})
    return KINDS[plural]


def bearer(request: HttpRequest) -> Token:
    """Return the token of a request, within its rate."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    found = None
    if scheme.lower() == "bearer" and secret.strip() and "\x00" not in secret:
        found = token_for(secret.strip(), now=timezone.now())
    if found is None:
        raise ProblemError(
            401, "Send the header `Authorization: Bearer TOKEN` with a token in force.", headers=CHALLENGE
        )
    rates = rates_at(settings.CELERY_BROKER_URL)
    wait = rates.take(found.digest[:24], per_minute=settings.RADVIGIL_REQUESTS_PER_MINUTE, seconds=time.monotonic())
    if wait:
        retry = {"Retry-After": str(math.ceil(wait))}
        raise ProblemError(429, "Send more rows in each request, or wait.", headers=retry)
    return found


def source_of(token: Token, *, plural: str) -> Source:
    """Return whom the token sends for."""
    if token.site and Site.objects.filter(pk=token.site).exists():
        return Source(site_key=token.site, actor=token.actor, origin="api")
    if not token.deployment:
        raise ProblemError(403, "This token sends no rows; use one of a registered deployment or site.")
    if plural not in OF_A_DEPLOYMENT:
        raise ProblemError(403, "A deployment's token sends inferences and events; use one of the site.")
    deployment = Deployment.objects.filter(pk=token.deployment).first()
    if deployment is None:
        raise ProblemError(403, "The deployment of this token is not registered.")
    return Source(site_key=deployment.site_id, actor=token.actor, origin="api", deployment_key=token.deployment)


def rows_of(request: HttpRequest) -> list[RawRow]:
    body = body_of(request)
    if request.content_type in LINES:
        return list(read_lines(body.split(b"\n")))
    try:
        value = parse(body)
    except MalformedJSONError as error:
        raise malformed(error) from error
    if isinstance(value, list):
        return [RawRow(number=number, value=each) for number, each in enumerate(value, start=1)]
    if not isinstance(value, Mapping):
        raise ProblemError(400, "The body is neither an object nor an array. Nothing was stored.", line=1, column=1)
    return [RawRow(number=1, value=value, raw=body)]


def body_of(request: HttpRequest) -> bytes:
    """Return a body that must fit into the memory."""
    largest = settings.RADVIGIL_LARGEST_REQUEST
    body = open_body(request, largest=largest).read(largest + 1)
    if len(body) > largest:
        raise too_large(largest)
    return body


def refuse_foreign(rows: Iterable[RawRow], *, source: Source) -> None:
    """Refuse everything where any row names a deployment of another, before any row is stored."""
    first: dict[str, int] = {}
    for row in rows:
        said = row.value.get("deployment") if isinstance(row.value, Mapping) else None
        if isinstance(said, str | int | float) and said != "":
            first.setdefault(str(said).strip(), row.number)
    if not first:
        return
    if source.deployment_key:
        allowed = {source.deployment_key}
    else:
        allowed = set(Deployment.objects.filter(site=source.site_key).values_list("pk", flat=True))
    if others := first.keys() - allowed:
        raise SourceNotAllowedError(row=min(first[key] for key in others))
