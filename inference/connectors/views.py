"""Pages of the intake: how to send rows, what was received, and the rows that wait for a person."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from audit.access.decisions import member_required
from inference.connectors.openapi import document


def openapi(request: HttpRequest) -> HttpResponse:
    """The API's description holds no data, so anybody may read it."""
    return JsonResponse(document())


@member_required
def documentation(request: HttpRequest) -> HttpResponse:
    return render(request, "inference/connectors/documentation.html", {"document": document()})
