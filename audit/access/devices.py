"""Browsers that a person has logged in with before: nobody far away locks those out (OWASP: device cookies).

A name with very many failures takes log-ins from such a browser alone, for
an hour after the last.
"""

from django.conf import settings
from django.core.signing import BadSignature, dumps, loads
from django.http import HttpRequest, HttpResponse

COOKIE = "radvigil_known"
SALT = "radvigil known browser"
GOOD_FOR_SECONDS = 180 * 24 * 60 * 60


def is_known(request: HttpRequest, *, username: str) -> bool:
    try:
        return bool(loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=GOOD_FOR_SECONDS) == username)
    except BadSignature:
        return False


def remember(response: HttpResponse, *, username: str) -> None:
    response.set_cookie(
        COOKIE,
        dumps(username, salt=SALT),
        max_age=GOOD_FOR_SECONDS,
        secure=settings.RADVIGIL_TLS,
        httponly=True,
        samesite="Strict",
        path="/log-in/",
    )
