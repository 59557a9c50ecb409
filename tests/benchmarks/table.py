"""The benchmarks that exist, run one after another: a ratio each, against what a user would do without us.

A benchmark is a module `bench_NAME.py` beside this one with one function
`run() -> Result`. Those of the design that have none yet are listed as missing.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

NAMES = (
    "intake_bulk",
    "intake_api",
    "dashboard",
    "rollup_follow",
    "rescore",
    "audit",
    "auc",
    "recorder",
    "coverage",
    "daily_looks",
    "false_alarms",
    "package",
)
FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    name: str
    ours: float
    theirs: float
    unit: str
    ratio: float
    aim: str
    reached: bool
    note: str = ""


def run_all(chosen: Sequence[str], *, output: Path) -> int:
    """Run the chosen benchmarks, or all; print a line each and write them down."""
    results = [benchmark(name)() for name in chosen or NAMES if exists(name)]
    missing = [name for name in chosen or NAMES if not exists(name)]
    for each in results:
        print(line(each), flush=True)
    for name in missing:
        print(f"{name:<14} no benchmark yet", flush=True)
    output.write_text(json.dumps({"results": [asdict(each) for each in results], "missing": missing}, indent=1))
    return 0 if all(each.reached for each in results) else 1


def exists(name: str) -> bool:
    return (FOLDER / f"bench_{name}.py").exists()


def benchmark(name: str) -> Callable[[], Result]:
    return import_module(f"tests.benchmarks.bench_{name}").run


def line(result: Result) -> str:
    verdict = "reached" if result.reached else "MISSED"
    values = f"ours {result.ours:.4g} {result.unit}, theirs {result.theirs:.4g} {result.unit}, ratio {result.ratio:.3g}"
    note = f"; {result.note}" if result.note else ""
    return f"{result.name:<14} {values}   aim {result.aim}: {verdict}{note}"
