"""What made a package: this software by the hash of its code, and every library that is installed with it (SOUP)."""

import platform
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PINS = (ROOT / "deploy" / "requirements.txt", ROOT / "deploy" / "requirements-torch.txt")
COMPUTING = ("numpy", "scipy", "statsmodels", "scikit-learn")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+?)(?:\s|$)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NOT_SAID = "not said by its metadata"


@cache
def code_digest(*folders: str) -> str:
    """Return the SHA-256 over names and contents of all source below these folders, as it runs."""
    digest = sha256()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
            digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def own_version() -> str:
    found = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"


@cache
def installed() -> Mapping[str, Distribution]:
    return {name_of(each): each for each in distributions()}


def made_with() -> dict[str, Any]:
    """Return the versions that computed the figures."""
    return {
        "software": "Radvigil",
        "version": own_version(),
        "code_sha256": code_digest("audit", "inference", "monitoring"),
        "statistics_sha256": code_digest("monitoring/statistics", "monitoring/performance", "monitoring/cases"),
        "python": platform.python_version(),
        "libraries": {name: installed()[name].version for name in COMPUTING if name in installed()},
    }


@cache
def soup() -> tuple[Mapping[str, Any], ...]:
    """Return the software of unknown provenance, by name: version, licence, and the hashes that its pin allows."""
    pinned = pins()
    found = {}
    for name, each in installed().items():
        hashes = pinned.get((name, each.version))
        found[name] = {
            "name": name,
            "version": each.version,
            "licence": licence_of(each),
            "pinned": hashes is not None,
            "sha256": hashes or [],
        }
    return tuple(found[name] for name in sorted(found))


def pins() -> dict[tuple[str, str], list[str]]:
    """Return the hashes of each pinned release, by name and version."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in PINS:
        at = None
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            if pin := PIN.match(line):
                at = (plain_name(pin[1]), pin[2])
                found[at] = []
            if at:
                found[at] += HASH.findall(line)
    return found


def name_of(each: Distribution) -> str:
    return plain_name(each.metadata["Name"] or "unknown")


def plain_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(each: Distribution) -> str:
    """Return the licence as the metadata says it: an expression, else classifiers, else the first line of the text."""
    said = each.metadata
    if expressions := said.get_all("License-Expression"):
        return str(expressions[0])
    classified = [
        line.rsplit(" :: ", 1)[-1] for line in said.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    if classified:
        return "; ".join(sorted(classified))
    text = "\n".join(said.get_all("License") or []).strip()
    return text.splitlines()[0][:80] if text else NOT_SAID


def software_document() -> dict[str, Any]:
    return {"made_with": made_with(), "soup": [dict(each) for each in soup()]}
