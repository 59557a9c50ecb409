"""A small log with a package made of it."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from tests.factories import inference_row, make_network, read_row, send, truth_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A package, the fingerprints that the command printed, and a folder to work in."""

    path: Path
    keys: dict[str, str]
    folder: Path

    def check(self, path: Path | None = None, *arguments: str, pinned: bool = True) -> tuple[int, str]:
        """Run the offline verifier in a process of its own, without Django or any other package."""
        pins = [part for key in self.keys.values() for part in ("--key", key)] if pinned else []
        return run_verifier(str(path or self.path), *pins, *arguments)

    def changed(self, change: Callable[[dict[str, bytes]], Mapping[str, bytes]], *, name: str = "changed.zip") -> Path:
        """Return a copy whose files were changed by somebody who also made the manifests fit."""
        with zipfile.ZipFile(self.path) as archive:
            files = {each: archive.read(each) for each in archive.namelist()}
        return packed(change(files), self.folder / name)


def run_verifier(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "audit.verification", *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def packed(files: Mapping[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def export(path: Path, *arguments: str) -> dict[str, str]:
    out = StringIO()
    scope = ["--product", "cxr", "--from", "2026-01-01", "--to", "2027-01-01", "--output", str(path)]
    call_command("export_package", *scope, *arguments, stdout=out)
    return dict(re.findall(r"^(\S+) ([0-9a-f]{64})$", out.getvalue(), re.MULTILINE))


def fill_log(now) -> None:
    """Register the network and send 24 studies of two hospitals' groups with reads and truths, one aged 93."""
    make_network()
    for number in range(1, 25):
        row = inference_row(number, score=(number * 37 % 100) / 100)
        row["study"]["patient_age_years"] = 93 if number == 7 else 50 + number % 9
        send("inferences", row, now=now)
    send("truth", *[truth_row(n, value="positive" if n % 3 else "negative") for n in range(1, 21)], now=now)
    send("reads", *[read_row(n, decision="positive" if n % 2 else "negative") for n in range(1, 21)], now=now)


@pytest.fixture(scope="module")
def sealed(migrated_database, django_db_blocker, tmp_path_factory) -> Iterator[Exported]:
    """A package that was made once for all tests of a module; its log is gone, as for whoever has only the file."""
    folder = tmp_path_factory.mktemp("sealed")
    with django_db_blocker.unblock():
        with transaction.atomic():
            fill_log(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
            keys = export(folder / "package.zip", "--site", "north", "--renditions", "fhir,dicom-sr")
            transaction.set_rollback(True)
        connection.close()
    yield Exported(path=folder / "package.zip", keys=keys, folder=folder)


@pytest.fixture
def package(living) -> Exported:
    return living


@pytest.fixture
def living(db, now, tmp_path) -> Exported:
    """A package with the log that it was made from."""
    fill_log(now)
    path = tmp_path / "package.zip"
    keys = export(path, "--site", "north")
    return Exported(path=path, keys=keys, folder=tmp_path)
