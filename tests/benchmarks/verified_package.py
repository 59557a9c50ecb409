"""A package of many entries, verified as a stranger would, against a plain loop over the same entries.

Six entries a case (run, two events, read, response, truth), tables of facts as CSV, case rows and figures: what
`export_package` writes, but made without a database, by a process of its own.
"""

import json
import re
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.audit.verification.packaging import MadeLog, add_case, content_files, write_package

ORGANISATION, ENTRIES_A_CASE = "north-group", 6
TIMED = (
    "import resource, sys; from audit.verification.__main__ import main; code = main(sys.argv[1:]); "
    "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "
    "resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); raise SystemExit(code)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Seconds of the verifier and of the plain loop over as many entries, and the most memory of one process."""

    entries: int
    ours: float
    plain: float
    megabytes: float
    package_bytes: int

    @property
    def ratio(self) -> float:
        return self.ours / self.plain


def measure(path: Path, *, entries: int) -> Verified:
    """Make a package of so many entries, verify it and read it plainly."""
    made = subprocess.run(
        [sys.executable, "-m", __name__, str(path), str(entries)], check=True, capture_output=True, text=True
    )
    pin = made.stdout.strip()
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-S", "-c", TIMED, str(path), "--key", pin], check=False, capture_output=True, text=True
    )
    ours = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"the package of the benchmark does not verify: {done.stdout[:500]}{done.stderr[-500:]}")
    peak = max(int(each) for each in re.findall(r"\d+", done.stdout.splitlines()[-1]))
    count, plain = plainly(path)
    return Verified(entries=count, ours=ours, plain=plain, megabytes=peak / 1024, package_bytes=path.stat().st_size)


def plainly(path: Path) -> tuple[int, float]:
    """Parse, canonicalise and hash every entry of a package, one after another; reading it is not counted."""
    count, seconds = 0, 0.0
    with zipfile.ZipFile(path) as archive, archive.open(f"data/logs/{ORGANISATION}/entries.ndjson") as file:
        while lines := file.readlines(64 << 20):
            began = time.perf_counter()
            for line in lines:
                text = json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                sha256(b"\x00" + text.encode()).digest()
            seconds += time.perf_counter() - began
            count += len(lines)
    return count, seconds


def make(path: Path, *, entries: int) -> str:
    log, rows = MadeLog(ORGANISATION), []
    for number in range(entries // ENTRIES_A_CASE):
        rows.append(
            add_case(log, number, score=(number * 37 % 1_009) / 1_009, truth="positive" if number % 3 else "negative")
        )
        for kind, said in BESIDE.items():
            log.add(kind, said | {"study": rows[-1]["study"]})
    write_package(path, {ORGANISATION: log}, files=content_files(rows))
    return log.pair.public.fingerprint


TIMES = {"known_at": "2026-03-01T08:20:00.000000Z", "flags": ["backfilled"], "site": "north"}
DESCRIBED = {"scanner": {"key": "duraray-300-a96fb5", "manufacturer": "Auerbach Imaging", "model": "DuraRay 300"}}
BESIDE = {
    "event": TIMES | {"event": "displayed", "to": "r-n2", "described": DESCRIBED, "at": "2026-03-01T08:19:00.000000Z"},
    "event.acquired": TIMES | {"event": "acquired", "described": DESCRIBED, "at": "2026-03-01T08:15:00.000000Z"},
    "read": TIMES | {"finding": "nodule", "reader": "r-n2", "stage": "final", "decision": "negative",
                     "confidence": 0.981, "ai_exposure": "concurrent", "described": DESCRIBED,
                     "read_at": "2026-03-01T09:00:00.000000Z"},
    "response": TIMES | {"finding": "nodule", "reader": "r-n2", "response": "agree", "inference_uid": "a" * 64,
                         "described": DESCRIBED, "at": "2026-03-01T09:00:00.000000Z"},
}  # fmt: skip

if __name__ == "__main__":
    print(make(Path(sys.argv[1]), entries=int(sys.argv[2])))
