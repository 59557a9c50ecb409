"""One image as a picture, and the resolver's page that opens one identifier at a time."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from audit.access.decisions import allowed, user_of
from inference.dicom.errors import UnreadableFileError
from inference.studies.actions import note_opening, open_identifier
from inference.studies.errors import PixelsChangedError, PixelsMissingError
from inference.studies.forms import OpenForm, StudyForm
from inference.studies.models import VaultValue
from inference.studies.pixels import image_png
from inference.studies.queries import get_image_for, sealed_identifiers
from inference.studies.visibility import get_study_for

WIDEST = 4096


@require_GET
@allowed("see_image")
def image(request: HttpRequest, instance: UUID) -> HttpResponse:
    now = timezone.now()
    found = get_image_for(request.user, instance, now=now)
    frame, width = whole(request, "frame", default=1), whole(request, "width", default=WIDEST)
    note_opening(study=found.study, what="image", by=user_of(request), now=now, thing=f"image/{found.pk}")
    tag = f'"{found.sha256[:32]}-{frame}-{width}"'
    if request.headers.get("If-None-Match") == tag:
        return kept_private(HttpResponseNotModified(), tag=tag)
    try:
        picture = image_png(found, frame=frame, width=width)
    except (UnreadableFileError, PixelsMissingError, PixelsChangedError) as problem:
        raise Http404(str(problem)) from problem
    return kept_private(HttpResponse(picture, content_type="image/png"), tag=tag)


def whole(request: HttpRequest, name: str, *, default: int) -> int:
    """Return a whole number from 1 to WIDEST of the address."""
    text = request.GET.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= WIDEST:
        raise Http404(f"{name} is a whole number from 1 to {WIDEST}")
    return int(text)


def kept_private(response: HttpResponse, *, tag: str) -> HttpResponse:
    """Let the asker's browser keep the picture, and ask again whether it may show it."""
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie"
    return response


@never_cache
@require_GET
@allowed("resolve_identity")
def find(request: HttpRequest) -> HttpResponse:
    form = StudyForm(request.GET or None)
    if form.is_valid():
        study = get_study_for(request.user, "resolve_identity", form.cleaned_data["study"], now=timezone.now())
        return redirect("studies:identifiers", study_id=study.pk)
    return render(request, "inference/studies/find.html", {"form": form, "breadcrumbs": [("Identities", "")]})


@never_cache
@require_http_methods(["GET", "POST"])
@allowed("resolve_identity")
def resolve(request: HttpRequest, study_id: UUID) -> HttpResponse:
    now = timezone.now()
    study = get_study_for(request.user, "resolve_identity", study_id, now=now)
    sealed = sealed_identifiers(study)
    form = OpenForm(request.POST or None, choices=[(str(each.pk), each.label) for each in sealed])
    context = {
        "study": study,
        "sealed": sealed,
        "form": form,
        "breadcrumbs": [("Identities", reverse("studies:resolve")), (str(study), "")],
    }
    if request.method != "POST":
        return render(request, "inference/studies/resolve.html", context)
    if not form.is_valid():
        return render(request, "inference/studies/resolve.html", context, status=422)
    value = VaultValue.objects.get(pk=form.cleaned_data["identifier"], subject=str(study.pk))
    opened = open_identifier(study=study, value=value, reason=form.cleaned_data["reason"], by=user_of(request), now=now)
    label = dict(form.identifier_choices)[form.cleaned_data["identifier"]]
    return render(request, "inference/studies/resolve.html", context | {"opened": opened, "opened_label": label})
