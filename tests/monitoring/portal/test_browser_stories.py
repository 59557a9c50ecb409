"""Every story that the offline verifier's own tests tell of a file, told to the browser's too: the same sentences."""

import base64
import inspect
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from audit.verification.checking import check_package
from audit.verification.findings import Report, UnreadableError
from tests.audit.verification import conftest, test_attacks, test_checking, test_history
from tests.audit.verification.packaging import content_files, scored_log, write_package
from tests.monitoring.portal.browsing import CHROMIUM, browser_page
from tests.monitoring.portal.test_browser_verifier import CHECK, without_reasons

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")]
LARGEST = 3_000_000
FIXTURES = {"small", "rotated", "tmp_path"}


class Recorder:
    """Stands where the verifier is called, and keeps what it was asked and what it said."""

    def __init__(self) -> None:
        self.met: list[tuple[str, bytes, list[str], list[bytes], int, list[str]]] = []

    def __call__(self, path: Path, **options: Any) -> Report:
        try:
            report = check_package(path, **options)
        except UnreadableError as error:
            self.keep(path, options, 2, [f"Unreadable: {error}"])
            raise
        self.keep(path, options, int(bool(report.count or report.unpinned)), report.problems)
        return report

    def keep(self, path: Path, options: dict[str, Any], code: int, lines: list[str]) -> None:
        if path.is_file() and path.stat().st_size < LARGEST and not options.get("witnesses"):
            kept = list(options.get("checkpoints", ()))
            self.met.append((path.name, path.read_bytes(), options["pins"], kept, code, lines))


def told_by(module: ModuleType, *, recorder: Recorder, folder: Path, monkeypatch: Any) -> None:
    """Run each test of a module that needs nothing but a package, once for each of its parameters."""
    monkeypatch.setattr(module, "check_package", recorder, raising=False)
    for name, function in list(vars(module).items()):
        needed = list(inspect.signature(function).parameters) if name.startswith("test_") else []
        marks = [each for each in getattr(function, "pytestmark", []) if each.name == "parametrize"]
        named = [each.args[0].split(",") if isinstance(each.args[0], str) else each.args[0] for each in marks]
        known = {part.strip() for some in named for part in some}
        if not needed or not set(needed) <= FIXTURES | known:
            continue
        for number, chosen in enumerate(product(*(each.args[1] for each in marks))):
            values: dict[str, Any] = {}
            for names, value in zip(named, chosen, strict=True):
                values |= dict(zip((part.strip() for part in names), value if len(names) > 1 else [value], strict=True))
            inner = folder / f"{name}-{number}"
            inner.mkdir()
            function(**values, **{each: made(each, inner) for each in needed if each in FIXTURES})


def made(fixture: str, folder: Path) -> Any:
    if fixture == "small":
        log, rows = scored_log()
        path = write_package(folder / "small.zip", {log.organisation: log}, files=content_files(rows))
        return conftest.Small(path=path, folder=folder, log=log)
    return test_history.Rotated(folder) if fixture == "rotated" else folder


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_every_story_of_a_file_ends_alike_in_the_browser(client, tmp_path, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    recorder = Recorder()
    monkeypatch.setattr(conftest, "check_package", recorder)
    for module in (test_attacks, test_checking, test_history):
        told_by(module, recorder=recorder, folder=tmp_path, monkeypatch=monkeypatch)
    differ = []
    with browser_page(client) as page:
        page.goto("/portal/verify/")
        for name, data, pins, kept, code, lines in recorder.met:
            encoded = base64.b64encode(data).decode()
            found, said = page.evaluate(
                CHECK, [encoded, name, pins, [base64.b64encode(each).decode() for each in kept]]
            )
            theirs, ours = without_reasons(lines), without_reasons(said)[: len(lines)]
            if (found, ours) != (code, theirs):
                differ.append((code, theirs, found, without_reasons(said)))
    assert differ == []
    assert len(recorder.met) > 60
