"""An archive over DICOMweb: searches in pages, metadata, whole objects, and the changes that an Orthanc lists.

Plain HTTP of the standard library. What may pass is tried again with growing
pauses; redirects are refused, since a log-in would travel with them.
"""

from __future__ import annotations

import http.client
import json
import random
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from inference.dicom.errors import UnreadableFileError
from inference.dicom.web import dataset_of_json, files_in_multipart
from inference.errors import InferenceError

JSON = "application/dicom+json"
FILES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
PAGE = 100
LARGEST_ANSWER = 2 * 1024**3
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0
Read = TypeVar("Read")


class ArchiveError(InferenceError):
    """Base of what an archive answers wrongly."""


class ArchiveAwayError(ArchiveError):
    """It does not answer at all."""


class ArchiveRefusedError(ArchiveError):
    """It answers, but not with what was asked for; `status` is 0 where the answer was garbage."""

    def __init__(self, reason: str, *, status: int = 0) -> None:
        self.status = status
        super().__init__(reason)


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveServer:
    """Where the archive is and how it is asked; `headers` may hold a log-in and are never shown."""

    url: str
    pause: Callable[[float], object]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    context: ssl.SSLContext | None = field(default=None, repr=False)
    timeout_seconds: float = 60.0
    tries: int = 4

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the address must start with http:// or https://")
        if parts.username or parts.password:
            raise ValueError("the address holds a log-in; give it in a file or the environment")

    def search(self, path: str, **asked: str) -> Iterator[list[Any]]:
        """Yield the pages of a QIDO-RS search as datasets, each object once; an archive may cap or repeat its pages.

        Raises:
            ArchiveAwayError, ArchiveRefusedError: there is no such answer.
        """
        offset, met = 0, set[str]()
        while True:
            found = self.json(path, accept=JSON, limit=str(PAGE), offset=str(offset), **asked)
            if not isinstance(found, list):
                raise ArchiveRefusedError("the archive's answer to a search is no list")
            fresh = {name: each for each in found if (name := json.dumps(each, sort_keys=True)) not in met}
            if not fresh:
                return
            met.update(fresh)
            yield [dataset_of_json(each) for each in fresh.values()]
            offset += len(found)

    def metadata(self, path: str) -> Any:
        """Return the header of the first object at a path, without bulk data."""
        found = self.json(f"{path}/metadata", accept=JSON)
        if not isinstance(found, list) or not found:
            raise ArchiveRefusedError("the archive has no metadata of an object it lists")
        return dataset_of_json(found[0])

    def file(self, path: str) -> bytes:
        """Return one object, in the transfer syntax it is stored in."""

        def first(answer: Answer) -> bytes:
            return next(files_in_multipart(answer.body, content_type=answer.content_type))

        return self.asked(self.address(path), accept=FILES, read=first)

    def json(self, path: str, *, accept: str, **asked: str) -> Any:
        return self.asked(
            self.address(path, **asked),
            accept=accept,
            read=lambda answer: json.loads(answer.body) if answer.body else [],
        )

    def address(self, path: str, **asked: str) -> str:
        base = self.url.rstrip("/")
        return f"{base}/{path}?{urlencode(asked)}" if asked else f"{base}/{path}"

    def asked(self, address: str, *, accept: str, read: Callable[[Answer], Read]) -> Read:
        """Return what an answer reads as, asking again where that may help."""
        last: ArchiveError | None = None
        for turn in range(self.tries):
            if turn:
                backed_off = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0**turn)
                self.pause(backed_off * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            try:
                return read(self.answer(address, accept=accept))
            except ArchiveRefusedError as error:
                if error.status and error.status not in PASSING:
                    raise
                last = error
            except ArchiveAwayError as error:
                last = error
            except (ValueError, StopIteration, UnreadableFileError, RecursionError):
                last = ArchiveRefusedError("the archive's answer cannot be understood")
        assert last is not None
        raise last

    def answer(self, address: str, *, accept: str) -> Answer:
        request = urllib.request.Request(address, headers={**self.headers, "Accept": accept})  # noqa: S310
        handlers: list[Any] = [NoRedirects()]
        if self.context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=self.context))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=self.timeout_seconds) as reply:
                body = reply.read(LARGEST_ANSWER + 1)
                if len(body) > LARGEST_ANSWER:
                    raise ArchiveRefusedError("an answer is larger than is taken", status=413)
                return Answer(body=body, content_type=reply.headers.get("Content-Type", ""))
        except urllib.error.HTTPError as error:
            error.close()
            raise ArchiveRefusedError(f"the archive answered {error.code}", status=error.code) from None
        except (OSError, http.client.HTTPException) as error:
            raise ArchiveAwayError(f"the archive does not answer ({type(error).__name__})") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Some changes of an Orthanc: the studies they concern, the cursor after them, and whether more wait."""

    studies: tuple[str, ...]
    last: int
    is_done: bool


OF_INTEREST = {"NewStudy": "studies", "StableStudy": "studies", "NewSeries": "series", "StableSeries": "series"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrthancChanges:
    """Orthanc's own list of what was stored, in order."""

    server: ArchiveServer

    @classmethod
    def of(cls, server: ArchiveServer) -> OrthancChanges | None:
        """Return the list of changes beside a DICOMweb root, or None where there is none."""
        root = server.url.rstrip("/").rpartition("/")[0]
        if not urlsplit(root).hostname:
            return None
        try:
            said = replace(server, url=root, tries=1).json("system", accept="application/json")
        except ArchiveRefusedError:
            return None
        is_orthanc = isinstance(said, dict) and "DatabaseVersion" in said
        return cls(server=replace(server, url=root)) if is_orthanc else None

    def end(self) -> int:
        """Return the cursor after everything there is."""
        return int(self.asked("changes?last").get("Last", 0))

    def after(self, cursor: int, *, most: int = PAGE) -> Changes:
        page = self.asked(f"changes?since={cursor}&limit={most}")
        wanted = dict.fromkeys(
            (OF_INTEREST[each["ChangeType"]], str(each["ID"]))
            for each in page.get("Changes", [])
            if each.get("ChangeType") in OF_INTEREST
        )
        studies = dict.fromkeys(filter(None, (self.study_uid(kind, name) for kind, name in wanted)))
        return Changes(studies=tuple(studies), last=int(page.get("Last", cursor)), is_done=bool(page.get("Done", True)))

    def study_uid(self, kind: str, name: str) -> str:
        """Return the study of a resource, or nothing where it is gone by now."""
        path = f"studies/{quote(name)}" if kind == "studies" else f"series/{quote(name)}/study"
        try:
            return str(self.asked(path).get("MainDicomTags", {}).get("StudyInstanceUID", ""))
        except ArchiveRefusedError as error:
            if error.status in (404, 410):
                return ""
            raise

    def asked(self, path: str) -> dict[str, Any]:
        said = self.server.json(path, accept="application/json")
        if not isinstance(said, dict):
            raise ArchiveRefusedError("the archive's answer cannot be understood")
        return said
