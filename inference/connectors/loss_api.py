"""`POST /api/v1/losses`: a recorder says what it lost."""

import logging

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from audit.access.models import Token
from inference.connectors.api import bearer, body_of, source_of
from inference.connectors.bodies import CutBodyError
from inference.connectors.losses import read_losses, record_losses
from inference.connectors.ndjson import MalformedJSONError, parse
from inference.connectors.problems import CUT, FOREIGN, ProblemError, busy, malformed, problem_response
from inference.errors import RowError
from inference.registry.models import Deployment

logger = logging.getLogger(__name__)


@csrf_exempt
def losses(request: HttpRequest) -> HttpResponse:
    """Answer a report of losses: `stored`, or `duplicate` where it was stored before."""
    try:
        if request.method != "POST":
            raise ProblemError(405, "Send a report with POST.", headers={"Allow": "POST"})
        token = bearer(request)
        said = parse(body_of(request))
        deployment = deployment_of(token, said=said)
        is_new = record_losses(read_losses(said), deployment=deployment, actor=token.actor, now=timezone.now())
    except ProblemError as problem:
        return problem_response(problem)
    except MalformedJSONError as error:
        return problem_response(malformed(error))
    except RowError as error:
        return problem_response(
            ProblemError(400, f"{error.field} {error.reason}. Nothing was stored.", field=error.field)
        )
    except CutBodyError:
        return problem_response(ProblemError(400, CUT))
    except (OperationalError, OSError):
        logger.exception("report of losses not stored")
        return problem_response(busy())
    return JsonResponse({"status": "stored" if is_new else "duplicate"})


def deployment_of(token: Token, *, said: object) -> Deployment:
    """Return whose recorder speaks: the token's deployment, or the one of its site that the report names."""
    source = source_of(token, plural="events")
    named = str(said.get("deployment", "")) if isinstance(said, dict) else ""
    if source.deployment_key and named in ("", source.deployment_key):
        named = source.deployment_key
    if not named.isprintable():  # a database takes no NUL, and no key has one
        raise ProblemError(403, FOREIGN)
    found = Deployment.objects.filter(pk=named, site=source.site_key).select_related("site").first()
    if found is None or (source.deployment_key and found.pk != source.deployment_key):
        raise ProblemError(403, FOREIGN)
    return found
