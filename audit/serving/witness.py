"""The address where other logs ask us to cosign: C2SP tlog-witness `add-checkpoint`."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from audit.witnesses.cosigning import LARGEST_REQUEST, add_checkpoint


@csrf_exempt
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Answer a request. What counts is the log's signature on the checkpoint; no log-in and no cookie is looked at."""
    body = request.read(LARGEST_REQUEST + 1)
    if len(body) > LARGEST_REQUEST:
        return HttpResponse("The request is too large.\n", status=413, content_type="text/plain")
    answer = add_checkpoint(body, now=timezone.now())
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
