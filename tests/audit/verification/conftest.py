"""One small package, made once, and a way to attack copies of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit.verification.checking import check_package
from audit.verification.findings import Report
from tests.audit.verification.packaging import (
    MadeLog,
    content_files,
    files_in,
    packed,
    refitted,
    scored_log,
    write_package,
)

Change = Callable[[dict[str, bytes]], Mapping[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A package that holds, and what was made into it."""

    path: Path
    folder: Path
    log: MadeLog

    @property
    def pin(self) -> str:
        return self.log.pair.public.fingerprint

    def check(self, path: Path | None = None, **options: object) -> Report:
        return check_package(path or self.path, **({"pins": [self.pin]} | options))

    def said(self, path: Path | None = None, **options: object) -> str:
        return "\n".join(self.check(path, **options).problems)

    def attacked(self, change: Change, *, is_refitted: bool = True) -> Path:
        """Return a copy that somebody changed, who also made the manifests fit."""
        files = dict(change(files_in(self.path)))
        return packed(refitted(files) if is_refitted else files, self.folder / "attacked.zip")

    def said_after(self, change: Change, *, is_refitted: bool = True) -> str:
        return self.said(self.attacked(change, is_refitted=is_refitted))


@pytest.fixture
def small(tmp_path) -> Small:
    log, rows = scored_log()
    path = write_package(tmp_path / "small.zip", {log.organisation: log}, files=content_files(rows))
    return Small(path=path, folder=tmp_path, log=log)
