"""Checks that a package is a valid bag, RFC 8493: every file listed, every listed file there and unchanged."""

import re
from collections.abc import Iterable
from hashlib import sha256, sha512

from audit.verification.findings import Report, UnreadableError
from audit.verification.opening import READ_ERRORS, Package, look_alikes

ALGORITHMS = ("sha256", "sha512")
DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
LINE = re.compile(r"(?P<digest>[0-9a-f]+)[ \t]+\*?(?P<name>\S.*)")
BLOCK = 1024 * 1024
LARGEST_MANIFEST = 64 * 1024 * 1024

Digests = dict[str, dict[str, str]]


def check_bag(package: Package, *, report: Report) -> Digests:
    """Return the digests of every file, by algorithm and name, having compared them with the manifests."""
    for first, second in look_alikes(package.sizes):
        report.wrong(f"The files {first!r} and {second!r} differ only in their letters' case or form.")
    if package.read("bagit.txt").replace(b"\r\n", b"\n").decode("utf-8", "replace") != DECLARATION:
        report.wrong("bagit.txt does not declare a bag of version 1.0 in UTF-8.")
    digests = digest_all(package, report=report)
    for algorithm in ALGORITHMS:
        payload = {name for name in package.sizes if name.startswith("data/")}
        tags = {name for name in package.sizes if not name.startswith(("data/", "tagmanifest-"))}
        check_manifest(f"manifest-{algorithm}.txt", package, expected=payload, found=digests[algorithm], report=report)
        check_manifest(f"tagmanifest-{algorithm}.txt", package, expected=tags, found=digests[algorithm], report=report)
    check_oxum(package, report=report)
    check_strays(package, report=report)
    return digests


def digest_all(package: Package, *, report: Report) -> Digests:
    digests: Digests = {algorithm: {} for algorithm in ALGORITHMS}
    for name in package.sizes:
        try:
            first, second = digest(package, name)
        except READ_ERRORS as error:
            report.wrong(f"The file {name} cannot be read: {error}.")
            continue
        digests["sha256"][name], digests["sha512"][name] = first, second
    return digests


def digest(package: Package, name: str) -> tuple[str, str]:
    short, long = sha256(), sha512()
    with package.open(name) as file:
        while block := file.read(BLOCK):
            short.update(block)
            long.update(block)
    return short.hexdigest(), long.hexdigest()


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
    for number, line in enumerate(text.splitlines(), start=1):
        match = LINE.fullmatch(line)
        name = decoded(match["name"]) if match else ""
        if not match or name in listed:
            report.wrong(f"Line {number} of {manifest} is malformed or repeats a file.")
            continue
        listed[name] = match["digest"]
    return listed


def encoded(name: str) -> str:
    """Return a name as a manifest writes it, RFC 8493, 2.1.3."""
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def decoded(name: str) -> str:
    return name.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


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
