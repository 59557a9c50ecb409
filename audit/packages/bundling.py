"""The offline verifier as one file, `verify.py`: the sources of proofs and verification, as they stand."""

from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# In the order in which they import each other.
MODULES = (
    "audit.proofs.canonical", "audit.proofs.lines", "audit.proofs.tables", "audit.proofs.merkle", "audit.proofs.tiles",
    "audit.proofs.ed25519", "audit.proofs.notes", "audit.proofs.rotations", "audit.proofs.cosignatures",
    "audit.proofs.timestamps", "audit.proofs.statements",
    "audit.verification.findings", "audit.verification.opening", "audit.verification.bag", "audit.verification.keys",
    "audit.verification.witnessing", "audit.verification.logs", "audit.verification.said", "audit.verification.entries",
    "audit.verification.workers", "audit.verification.signatures", "audit.verification.tables",
    "audit.verification.reading", "audit.verification.figures", "audit.verification.documents",
    "audit.verification.checking", "audit.verification.__main__",
)  # fmt: skip

HEAD = '''#!/usr/bin/env python3
"""Checks this evidence package offline: python verify.py [PACKAGE] --key FINGERPRINT [--checkpoint FILE].

Python 3.11 and its standard library are all it needs. Below stand the sources of the modules it
consists of, unchanged, each under its name. Whoever changes a package can change this file too:
take it from a source you trust, or compare its SHA-256 with the one in the manual.
"""

import sys
import types
from pathlib import Path

SOURCES = {}
'''
TAIL = """

def load(name, source):
    parts = name.split(".")
    for depth in range(1, len(parts)):
        package = ".".join(parts[:depth])
        if package not in sys.modules:
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = []
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, f"verify.py:{name}", "exec"), module.__dict__)
    return module


for name in [each for each in sys.modules if each == "audit" or each.startswith("audit.")]:
    del sys.modules[name]
for name, source in SOURCES.items():
    last = load(name, source)

if __name__ == "__main__":
    raise SystemExit(last.main(sys.argv[1:], here=Path(__file__).resolve().parent))
"""


def verifier_source() -> bytes:
    """Return the text of `verify.py`; the same for the same version of this software."""
    parts = [HEAD]
    for name in MODULES:
        source = (ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert "'''" not in source and not source.endswith("\\"), name
        parts.append(f"\nSOURCES[{name!r}] = r'''\n{source}'''\n")
    return "".join([*parts, TAIL]).encode()


def verifier_digest() -> str:
    return sha256(verifier_source()).hexdigest()
