"""A language model inside the hospital as a labeller of reports, by the API that most servers of models speak.

It is off unless the installation names its address and a site switches it on.
Only scrubbed text leaves this process; whatever comes back is read strictly,
and an answer that is not understood labels nothing.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

PROMPT_VERSION = "1"
PROMPT = (
    "You read one radiology report. For each finding listed, answer whether the report says that it is there. "
    'Answer with one JSON object and nothing else: keys are the findings as written, values are "positive", '
    '"negative", "uncertain", or "not mentioned". A finding that the report only asks about is "not mentioned".'
)
STANCES: Mapping[str, tuple[str, str]] = {
    "positive": ("positive", "probable"),
    "negative": ("negative", "probable"),
    "uncertain": ("positive", "possible"),
}
SECONDS = 120
LARGEST_ANSWER = 1_000_000


class LanguageModelError(Exception):
    """The model gave no answer that can be used; the message says why and holds no text of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """Where the model is, which it is, and the key for it, if it wants one."""

    url: str
    model: str
    key: str = ""

    @property
    def labeller(self) -> str:
        """What labels of this model name as their labeller: the model, and the version of the prompt."""
        return f"model/{self.model}/prompt-{PROMPT_VERSION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model said: the raw text, and the stance by finding."""

    raw: str
    labels: Mapping[str, tuple[str, str]]


class NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_options: object) -> None:
        return None


def ask(model: LanguageModel, *, text: str, findings: Sequence[str]) -> Answer:
    """Return what a model says of a scrubbed text.

    Raises:
        LanguageModelError: it is not inside the hospital's network, does not answer, or answers something else.
    """
    refuse_outside(model.url)
    body = {
        "model": model.model,
        "temperature": 0,
        "messages": [
            {"role": "system", "content": PROMPT},
            {"role": "user", "content": f"Findings: {json.dumps(list(findings))}\n\nReport:\n{text}"},
        ],
    }
    raw = content_of(post(model, body))
    return Answer(raw=raw, labels=labels_in(raw, findings=findings))


def refuse_outside(url: str) -> None:
    """Let text go to private and loopback addresses alone, whatever the name of the host says."""
    host = urlsplit(url).hostname or ""
    try:
        found = {each[4][0] for each in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise LanguageModelError("the model's host has no address") from error
    if not found or not all(is_inside(str(each)) for each in found):
        raise LanguageModelError("the model's host is not in the hospital's own network")


def is_inside(address: str) -> bool:
    place = ipaddress.ip_address(address.partition("%")[0])
    return place.is_loopback or (place.is_private and not place.is_unspecified)


def post(model: LanguageModel, body: Mapping[str, object]) -> bytes:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {model.key}"} if model.key else {})
    address = f"{model.url.rstrip('/')}/chat/completions"
    request = Request(address, data=json.dumps(body).encode(), headers=headers)  # noqa: S310 - looked at above
    try:
        with build_opener(NoRedirects).open(request, timeout=SECONDS) as reply:
            found: bytes = reply.read(LARGEST_ANSWER)
            return found
    except (URLError, OSError, ValueError) as error:
        raise LanguageModelError(f"the model does not answer ({type(error).__name__})") from error


def content_of(data: bytes) -> str:
    try:
        content = json.loads(data)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise LanguageModelError("the model's reply is not that of a chat completion") from error
    if not isinstance(content, str):
        raise LanguageModelError("the model's reply holds no text")
    return content


def labels_in(raw: str, *, findings: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return value and certainty by finding. Findings that were not asked for and other words are left out."""
    start, end = raw.find("{"), raw.rfind("}")
    try:
        said = json.loads(raw[start : end + 1]) if 0 <= start < end else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise LanguageModelError("the model's answer is no JSON object")
    stances = {name: str(said.get(name, "")).strip().casefold() for name in findings}
    return {name: STANCES[stance] for name, stance in stances.items() if stance in STANCES}
