"""The pages of evidence: ask for a package, see how far it is, download it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from audit.access.decisions import allowed, may
from audit.log.actions import record_act
from audit.packages.bundling import verifier_digest
from monitoring.errors import PackageStateError, UnknownScopeError
from monitoring.evidence.actions import cancel_package, request_again, request_package
from monitoring.evidence.forms import PackageForm
from monitoring.evidence.models import Package
from monitoring.evidence.queries import ACTION, get_package_for, path_of, reach_of, visible_packages
from monitoring.evidence.tasks import make_package_task

QUARTER = timedelta(days=91)


@allowed(ACTION)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    today = timezone.now().date()
    asked = {name: value for name, value in request.GET.items() if name in PackageForm.base_fields}
    initial = {"since": today - QUARTER, "until": today + timedelta(days=1), **asked}
    packages = visible_packages(request.user, now=timezone.now())
    return shown(request, form=form_of(request, packages, initial=initial), packages=packages)


def form_of(request: HttpRequest, packages: Sequence[Package], *data: Any, **more: Any) -> PackageForm:
    return PackageForm(
        *data,
        reach=reach_of(request.user, now=timezone.now()),
        user=request.user,
        earlier=[each for each in packages if each.state == Package.State.READY],
        label_suffix="",
        **more,
    )


def shown(request: HttpRequest, *, form: PackageForm, packages: Sequence[Package], status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "packages": packages,
        "may_export": may(request.user, "export_package"),
        "verifier": verifier_digest(),
        "breadcrumbs": [("Overview", "/"), ("Evidence", "")],
    }
    return render(request, "monitoring/evidence/index.html", context, status=status)


@allowed("export_package")
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    packages = visible_packages(request.user, now=now)
    form = form_of(request, packages, request.POST)
    if not form.is_valid():
        return shown(request, form=form, packages=packages, status=422)
    try:
        package = request_package(
            form.wanted(),
            by=request.user,  # type: ignore[arg-type]
            now=now,
            previous=form.cleaned_data["previous"],
        )
    except UnknownScopeError as problem:
        form.add_error(None, str(problem))
        return shown(request, form=form, packages=packages, status=422)
    make_package_task.delay_on_commit(package_id=package.pk)
    return redirect("evidence:index")


@allowed("export_package")
@require_POST
def again(request: HttpRequest, uid: str) -> HttpResponse:
    """Make a package of the same scope once more."""
    package = get_package_for(request.user, uid, now=timezone.now())
    made = request_again(package, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    make_package_task.delay_on_commit(package_id=made.pk)
    return redirect("evidence:index")


@allowed("export_package")
@require_POST
def cancel(request: HttpRequest, uid: str) -> HttpResponse:
    """Stop a package that is not finished. One that is by now simply stands there finished."""
    package = get_package_for(request.user, uid, now=timezone.now())
    with suppress(PackageStateError):
        cancel_package(package)
    return redirect("evidence:index")


@allowed(ACTION)
@require_GET
def row(request: HttpRequest, uid: str) -> HttpResponse:
    """One line of the list, which asks again until its package is ready."""
    package = get_package_for(request.user, uid, now=timezone.now())
    context = {"package": package, "may_export": may(request.user, "export_package")}
    return render(request, "monitoring/evidence/_package.html", context)


@allowed(ACTION)
@require_GET
def download(request: HttpRequest, uid: str) -> HttpResponseBase:
    now = timezone.now()
    package = get_package_for(request.user, uid, now=now)
    path = path_of(package)
    if package.state != Package.State.READY or not path.exists():
        raise Http404
    for organisation in package.keys:
        record_act(
            "package.downloaded",
            organisation=organisation,
            subject=f"package/{package.uid}",
            actor=request.user.actor,  # type: ignore[union-attr]
            at=now,
            details={"sha256": package.sha256},
        )
    name = f"radvigil-{package.product_id}-{package.since}-{package.until}-{package.uid[:8]}.zip"
    return FileResponse(open(path, "rb"), as_attachment=True, filename=name, content_type="application/zip")
