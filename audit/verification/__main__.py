"""`python -m audit.verification PACKAGE.zip --key FINGERPRINT [--checkpoint FILE]`: intact 0, not 1, unreadable 2."""

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from audit.verification.checking import check_package
from audit.verification.findings import Report, UnreadableError
from audit.verification.workers import processors

INTACT, NOT_INTACT, UNREADABLE = 0, 1, 2
NOT_PINNED = "key not pinned"


def main(arguments: Sequence[str], *, here: Path | None = None) -> int:
    options = parser(here=here).parse_args(arguments)
    pins = [pin.lower().replace(":", "").replace(" ", "") for pin in options.key]
    is_collecting = gc.isenabled()
    gc.disable()  # millions of values come and go, none of them in a circle
    try:
        kept = [path.read_bytes() for path in options.checkpoint]
        report = check_package(
            options.package, pins=pins, checkpoints=kept, witnesses=options.witness, processes=options.processes
        )
    except (UnreadableError, OSError) as error:
        print(f"Unreadable: {error}", file=sys.stderr)
        return UNREADABLE
    finally:
        if is_collecting:
            gc.enable()
    return told(report)


def parser(*, here: Path | None) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description="Check an evidence package offline. Exit 0: intact; 1: not, with each wrong thing; 2: unreadable."
    )
    if here is None:
        made.add_argument("package", type=Path, help="the package, a zip file or the unpacked folder")
    else:
        made.add_argument("package", type=Path, nargs="?", default=here, help="default: the folder of this file")
    made.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="FINGERPRINT",
        help="hex SHA-256 of a log's public key; repeat per log",
    )
    made.add_argument(
        "--checkpoint", action="append", default=[], type=Path, metavar="FILE", help="an older checkpoint, kept apart"
    )
    made.add_argument(
        "--witness", action="append", default=[], metavar="KEY", help="a witness that must have cosigned; repeat"
    )
    made.add_argument("--processes", type=int, default=processors(), help="default: one per processor")
    return made


def told(report: Report) -> int:
    for sentence in report.problems:
        print(sentence)
    if report.count > len(report.problems):
        print(f"… and {report.count - len(report.problems)} more.")
    for sentence in report.notices:
        print(f"Note: {sentence}")
    print(f"Not intact: {report.count} things are wrong." if report.count else "Every file, entry and figure holds.")
    if report.unpinned:
        print(f"Compare by yourself whose key it is: {', '.join(report.unpinned)}.")
        print(NOT_PINNED)
    return NOT_INTACT if report.count or report.unpinned else INTACT


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
