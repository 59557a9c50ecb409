"""Opens a package, zip or folder, without trusting its names, sizes or links, and without writing anything."""

import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import IO

from audit.verification.findings import Report, UnreadableError

MOST_FILES = 100_000
LARGEST_DIRECTORY = 64 * 1024 * 1024
# Deflate cannot do better than 1,032 : 1; our own files stay far below 200 : 1.
SUSPECT_RATIO, SUSPECT_BYTES = 200, 64 * 1024 * 1024
BUFFER_BYTES = 1 << 20
BAG = "bagit.txt"
LONGEST_NAME = 1_000
# What Windows takes for a device, whatever stands after a dot, and letters that it allows in no name.
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
NAME_FIELD = 0x7075  # "up": Info-ZIP's name in UTF-8
FORBIDDEN = frozenset('\\:*?"<>|')
# What Python leaves beside a verify.py that somebody imported.
IMPORTED = re.compile(r"__pycache__/verify\.[\w.-]+\.pyc")
END_OF_DIRECTORY, END_OF_DIRECTORY_64 = b"PK\x05\x06", b"PK\x06\x06"
READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@dataclass(slots=True)
class Package:
    """The files of a package by their name in the bag, with their sizes."""

    path: Path
    sizes: dict[str, int] = field(default_factory=dict)
    prefix: str = ""
    archive: zipfile.ZipFile | None = None

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open one file. A zip gives no more bytes than it declared, and checks them."""
        if self.archive is not None:
            with self.archive.open(self.prefix + name) as file:
                # Lines come out of a large buffer several times faster than out of the zip.
                yield BufferedReader(file, BUFFER_BYTES)  # type: ignore[arg-type,type-var]
        else:
            with open(self.path / (self.prefix + name), "rb") as file:
                yield file

    def read(self, name: str, *, most: int = 16 * 1024 * 1024) -> bytes:
        """Return a small file.

        Raises:
            UnreadableError: it is missing, or larger than any file of its kind may be.
        """
        if name not in self.sizes:
            raise UnreadableError(f"{name} is missing")
        if self.sizes[name] > most:
            raise UnreadableError(f"{name} has {self.sizes[name]} bytes; a file of its kind has at most {most}")
        with self.open(name) as file:
            return file.read(self.sizes[name])


@contextmanager
def opened(path: Path, *, report: Report) -> Iterator[Package]:
    """Open a package; what is wrong with its names goes into the report, and those files are left out.

    Raises:
        UnreadableError: there is nothing to read, or it is cut off.
    """
    if path.is_dir():
        yield inside(Package(path=path), names=folder_names(path, report=report), report=report)
        return
    try:
        refuse_monsters(path)
        with zipfile.ZipFile(path) as archive:
            package = Package(path=path, archive=archive)
            yield inside(package, names=zip_names(archive, report=report), report=report)
    except (zipfile.BadZipFile, struct.error, FileNotFoundError, PermissionError, EOFError) as error:
        raise UnreadableError(f"{path.name} is no whole zip file: {error}") from error


def inside(package: Package, *, names: dict[str, int], report: Report) -> Package:
    """Find the bag: at the top, or in the one folder at the top."""
    tops = {name.split("/", 1)[0] for name in names}
    if BAG not in names and len(tops) == 1 and f"{next(iter(tops))}/{BAG}" in names:
        package.prefix = f"{tops.pop()}/"
    package.sizes = {name.removeprefix(package.prefix): size for name, size in names.items()}
    if BAG not in package.sizes:
        raise UnreadableError(f"{package.path.name} holds no bag: {BAG} is missing")
    return package


def refuse_monsters(path: Path) -> None:
    """Read the zip's end by hand before the library reads its directory into memory."""
    with open(path, "rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - 66_000))
        tail = file.read()
    at = tail.rfind(END_OF_DIRECTORY)
    if at < 0 or at + 22 > len(tail):
        raise UnreadableError(f"{path.name} is no zip file, or its end is missing")
    count, size, start = struct.unpack("<HII", tail[at + 10 : at + 20])
    wide = tail.rfind(END_OF_DIRECTORY_64, 0, at)
    if wide >= 0:
        count, size, start = struct.unpack("<QQQ", tail[wide + 32 : wide + 56])
    if count > MOST_FILES or size > LARGEST_DIRECTORY:
        raise UnreadableError(f"{path.name} lists {count} files in {size} bytes; a package has at most {MOST_FILES}")
    ends = length - len(tail) + (wide if wide >= 0 else at)
    if start + size != ends or at + 22 != len(tail):
        # Two readers could find two directories, and so two packages, in one file.
        raise UnreadableError(
            f"{path.name} has bytes before or after its zip: different programs would see other files"
        )


def zip_names(archive: zipfile.ZipFile, *, report: Report) -> dict[str, int]:
    names: dict[str, int] = {}
    packed = 0
    for info in archive.infolist():
        name, mode = info.orig_filename, info.external_attr >> 16
        packed += info.compress_size
        if info.is_dir() and not info.file_size:
            continue
        if wrong := what_is_wrong(name):
            report.wrong(f"The zip holds {name!r}, {wrong}.")
        elif mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            report.wrong(f"The zip holds {name!r} as a link or device, not as a file.")
        elif is_named_again(info.extra):
            report.wrong(f"The zip holds {name!r} under a second name: different programs would see other files.")
        elif info.file_size > SUSPECT_BYTES and info.file_size > SUSPECT_RATIO * info.compress_size:
            report.wrong(f"The zip holds {name!r}, which would unpack to {info.file_size} bytes: a zip bomb.")
        else:
            add(name, size=info.file_size, names=names, report=report)
    if archive.fp is not None and packed > os.fstat(archive.fp.fileno()).st_size:
        raise UnreadableError("the files in the zip overlap: a zip bomb")
    return names


def is_named_again(extra: bytes) -> bool:
    """Return whether the fields beside a name give another one, which some programs take instead."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4])
        if kind == NAME_FIELD:
            return True
        at += 4 + length
    return False


def folder_names(root: Path, *, report: Report) -> dict[str, int]:
    """Walk a folder entry by entry, so that one with millions of files ends early."""
    names: dict[str, int] = {}
    waiting = [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                relative = Path(entry.path).relative_to(root).as_posix()
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    report.wrong(f"The folder holds {relative!r} as a link or device, not as a file.")
                elif wrong := what_is_wrong(relative):
                    report.wrong(f"The folder holds {relative!r}, {wrong}.")
                elif not IMPORTED.fullmatch(relative):
                    add(relative, size=entry.stat(follow_symlinks=False).st_size, names=names, report=report)
                if len(names) + len(waiting) > MOST_FILES:
                    raise UnreadableError(f"{root} holds more than {MOST_FILES} files")
    return dict(sorted(names.items()))


def add(name: str, *, size: int, names: dict[str, int], report: Report) -> None:
    if name in names:
        report.wrong(f"The file {name!r} stands twice in the package.")
    names[name] = size


def what_is_wrong(name: str) -> str:
    """Return why a name may not stand in a package, or nothing."""
    parts = name.split("/")
    if name.startswith(("/", "~")) or "\\" in name or ":" in parts[0]:
        return "which names a place outside the package"
    if any(part in ("", ".", "..") for part in parts):
        return "which names a place outside the package or none"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        return "which has control characters in its name"
    if any(part.partition(".")[0].casefold() in DEVICES or part[-1] in ". " for part in parts):
        return "which Windows takes for a device or another name"
    if FORBIDDEN & set(name) or len(name) > LONGEST_NAME:
        return "which is no name on every system"
    return ""


def look_alikes(names: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Yield pairs of names that are one file on a system that folds case or composes letters."""
    seen: dict[str, str] = {}
    for name in names:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        if folded in seen:
            yield seen[folded], name
        seen[folded] = name
