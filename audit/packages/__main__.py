"""`python -m audit.packages`: the official verifier and its SHA-256, made from the sources that lie here."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from audit.packages.bundling import verifier_digest, verifier_source

STALE = "{file} holds another hash than verify.py now has; write it again: python -m audit.packages --write {file}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m audit.packages", description=__doc__)
    parser.add_argument("--source", action="store_true", help="print verify.py itself")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the hash, as sha256sum does")
    parser.add_argument("--check", type=Path, metavar="FILE", help="exit 1 unless the file holds this hash")
    options = parser.parse_args(arguments)
    line = f"{verifier_digest()}  verify.py\n"
    if options.source:
        sys.stdout.write(verifier_source().decode())
    elif options.write:
        options.write.write_text(line, encoding="utf-8")
    elif options.check:
        return checked(options.check, line=line)
    else:
        sys.stdout.write(line)
    return 0


def checked(file: Path, *, line: str) -> int:
    held = file.read_text(encoding="utf-8") if file.exists() else ""
    if held == line:
        return 0
    sys.stderr.write(f"{STALE.format(file=file)}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
