"""Checks that a package is a valid bag, RFC 8493: every file listed, every listed file there and unchanged.

A file is read once: whoever looks into it reads it through `Digests`, which hashes it on the way.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256, sha512
from typing import IO

from audit.verification.findings import Report, UnreadableError
from audit.verification.opening import READ_ERRORS, Package, look_alikes, what_is_wrong

ALGORITHMS = ("sha256", "sha512")
DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
LINE = re.compile(r"(?P<digest>[0-9a-f]+)[ \t]+\*?(?P<name>\S.*)")
ENCODED = re.compile(r"%(0[Aa]|0[Dd]|25)")
BLOCK = 1024 * 1024
LARGEST_MANIFEST = 64 * 1024 * 1024

LONGEST_LINE = 70_000  # an entry has at most 65,535 bytes; what shows one in part a little more


class Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.short, self.long = sha256(), sha512()

    def read(self, count: int = 0) -> bytes:
        data = self._file.read(count or BLOCK)
        self.short.update(data)
        self.long.update(data)
        return data

    def lines(self, *, longest: int = LONGEST_LINE) -> Iterator[list[bytes]]:
        """Yield the lines, without their ends, some at a time.

        Raises:
            ValueError: one is longer than any may be.
        """
        rest = b""
        while data := self.read():
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            if len(rest) > longest:
                raise ValueError("a line is longer than any may be")
            if lines:
                yield lines
        if rest:
            yield [rest]


class Digests:
    """The hashes of a package's files, by algorithm and name."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self.by_algorithm: dict[str, dict[str, str]] = {algorithm: {} for algorithm in ALGORITHMS}

    @contextmanager
    def reading(self, name: str) -> Iterator[Hashed]:
        """Open a file; when it is left, it has been read and hashed to its end."""
        with self._package.open(name) as file:
            hashed = Hashed(file)
            yield hashed
            while hashed.read():
                pass
        self.by_algorithm["sha256"][name] = hashed.short.hexdigest()
        self.by_algorithm["sha512"][name] = hashed.long.hexdigest()

    def read_rest(self, *, report: Report) -> None:
        """Hash every file that nobody looked into."""
        for name in self._package.sizes:
            if name in self.by_algorithm["sha256"]:
                continue
            try:
                with self.reading(name):
                    pass
            except READ_ERRORS as error:
                report.wrong(f"The file {name} cannot be read: {error}.")


def check_bag(package: Package, *, digests: Digests, report: Report) -> None:
    """Compare the digests of every file with the manifests."""
    for first, second in look_alikes(package.sizes):
        report.wrong(f"The files {first!r} and {second!r} differ only in their letters' case or form.")
    if package.read("bagit.txt").replace(b"\r\n", b"\n").decode("utf-8", "replace") != DECLARATION:
        report.wrong("bagit.txt does not declare a bag of version 1.0 in UTF-8.")
    digests.read_rest(report=report)
    for algorithm, found in digests.by_algorithm.items():
        payload = {name for name in package.sizes if name.startswith("data/")}
        tags = {name for name in package.sizes if not name.startswith(("data/", "tagmanifest-"))}
        check_manifest(f"manifest-{algorithm}.txt", package, expected=payload, found=found, report=report)
        check_manifest(f"tagmanifest-{algorithm}.txt", package, expected=tags, found=found, report=report)
    check_oxum(package, report=report)
    check_strays(package, report=report)


def check_manifest(
    manifest: str, package: Package, *, expected: Iterable[str], found: dict[str, str], report: Report
) -> None:
    if manifest not in package.sizes:
        report.wrong(f"{manifest} is missing.")
        return
    listed = read_manifest(manifest, package, report=report)
    for name in sorted(set(expected) - listed.keys()):
        report.wrong(f"The file {name} was added: it is not in {manifest}.")
    for name, stated in listed.items():
        if name not in package.sizes:
            report.wrong(f"The file {name} of {manifest} is missing: it was removed or renamed.")
        elif name in found and found[name] != stated:
            report.wrong(f"The file {name} was changed: its hash is not that of {manifest}.")


def read_manifest(manifest: str, package: Package, *, report: Report) -> dict[str, str]:
    try:
        text = package.read(manifest, most=LARGEST_MANIFEST).decode("utf-8")
    except (UnicodeDecodeError, *READ_ERRORS) as error:
        raise UnreadableError(f"{manifest} cannot be read: {error}") from error
    listed: dict[str, str] = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else [], start=1):
        match = LINE.fullmatch(line.removesuffix("\r"))
        name = decoded(match["name"]) if match else ""
        if not match or name in listed:
            report.wrong(f"Line {number} of {manifest} is malformed or repeats a file.")
            continue
        if why := what_is_wrong(name):
            report.wrong(f"Line {number} of {manifest} names {name!r}, {why}.")
            continue
        listed[name] = match["digest"]
    return listed


def decoded(name: str) -> str:
    """Return the name that a manifest writes, RFC 8493, 2.1.3: CR, LF and the percent sign are encoded."""
    return ENCODED.sub(lambda found: chr(int(found[1], 16)), name)


def check_oxum(package: Package, *, report: Report) -> None:
    if "bag-info.txt" not in package.sizes:
        report.wrong("bag-info.txt is missing.")
        return
    match = re.search(rb"(?m)^Payload-Oxum: (\d+)\.(\d+)\r?$", package.read("bag-info.txt"))
    payload = [size for name, size in package.sizes.items() if name.startswith("data/")]
    if not match or (int(match[1]), int(match[2])) != (sum(payload), len(payload)):
        report.wrong("The number or size of the files is not what bag-info.txt counts (Payload-Oxum).")


def check_strays(package: Package, *, report: Report) -> None:
    for name in package.sizes:
        if name == "fetch.txt":
            report.wrong("The package has a fetch.txt: it would load files from elsewhere.")
        elif name.startswith(("manifest-", "tagmanifest-")) and name not in KNOWN_MANIFESTS:
            report.wrong(f"The package has {name}, a manifest of another algorithm.")


KNOWN_MANIFESTS = {f"{kind}-{algorithm}.txt" for kind in ("manifest", "tagmanifest") for algorithm in ALGORITHMS}
