"""The log as C2SP tlog-tiles serves it: checkpoint and hash tiles to everybody, entries to a regulator."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.access.decisions import Visitor
from audit.access.models import TokenScope
from audit.access.queries import token_for
from audit.log.models import Entry
from audit.log.queries import latest_checkpoint, tile_of
from audit.proofs.merkle import HASH_BYTES
from audit.proofs.tiles import WIDTH, TileError, TileName, parse_tile_path
from audit.serving.queries import require_log
from audit.witnesses.queries import note_with_cosignatures

FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=5"
BINARY = "application/octet-stream"


@require_safe
def checkpoint(request: HttpRequest, organisation: str) -> HttpResponse:
    found = latest_checkpoint(organisation)
    if found is None:
        raise Http404
    response = HttpResponse(note_with_cosignatures(found), content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = BRIEFLY
    return response


@require_safe
def tile(request: HttpRequest, organisation: str, path: str) -> HttpResponse:
    try:
        name = parse_tile_path(f"tile/{path}")
    except TileError as error:
        raise Http404 from error
    return entries(request, organisation, name=name) if name.level < 0 else hashes(organisation, name=name)


def hashes(organisation: str, *, name: TileName) -> HttpResponse:
    found = tile_of(organisation, level=name.level, index=name.index)
    data = bytes(found.hashes)[: name.width * HASH_BYTES] if found else b""
    if len(data) != name.width * HASH_BYTES:
        raise Http404
    response = HttpResponse(data, content_type=BINARY)
    response["Cache-Control"] = FOREVER
    return response


def entries(request: HttpRequest, organisation: str, *, name: TileName) -> HttpResponse:
    visitor = visitor_of(request)
    if visitor is None:
        response = HttpResponse("Entries need a regulator's token.\n", status=401, content_type="text/plain")
        response["WWW-Authenticate"] = 'Bearer realm="radvigil"'
        return response
    require_log(visitor, "see_log_entries", organisation=organisation)
    first = name.index * WIDTH
    found = Entry.objects.filter(organisation=organisation, position__gte=first, position__lt=first + name.width)
    bodies = [bytes(body) for body in found.order_by("position").values_list("body", flat=True)]
    if len(bodies) != name.width:
        raise Http404
    response = HttpResponse(b"".join(framed(bodies)), content_type=BINARY)
    response["Cache-Control"] = "private, no-store"
    return response


def framed(bodies: list[bytes]) -> Iterator[bytes]:
    # tlog-tiles: each entry behind its length in two bytes, the higher first.
    for body in bodies:
        yield len(body).to_bytes(2, "big") + body


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Return who asks, by bearer token or by session."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = token_for(secret.strip(), now=timezone.now()) if secret.strip() and "\0" not in secret else None
        return token.user if token and token.is_for(TokenScope.READ) else None
    return request.user if request.user.is_authenticated else None
