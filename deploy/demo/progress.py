"""How far the demo's data are, in a file that pages and a second start read, and as a bar for whoever watches.

Standard library alone: a start that finds everything made must not wait for torch.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE_NAME = "demo-progress.json"
BAR_WIDTH = 30


@dataclass(slots=True, kw_only=True)
class Progress:
    """What is made already. `networks` holds the trained networks as plain values."""

    path: Path
    seed: int = 0
    size: float = 1.0
    last_day: str = ""
    is_seeded: bool = False
    step: str = "starting"
    words: str = "Starting"
    done: int = 0
    of: int = 0
    networks: list[dict[str, str | float]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Path) -> "Progress":
        """Return what an earlier start left, or a fresh beginning."""
        path = home / FILE_NAME
        try:
            return cls(path=path, **json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls(path=path)

    def save(self) -> None:
        """Write the file in one step, so that a reader never finds half of one."""
        values = asdict(self)
        del values["path"]
        waiting = self.path.with_suffix(".writing")
        waiting.write_text(json.dumps(values), encoding="utf-8")
        waiting.replace(self.path)

    def finish(self, step: str) -> None:
        if step not in self.finished:
            self.finished.append(step)
        self.save()

    def is_finished(self, step: str) -> bool:
        return step in self.finished

    @contextmanager
    def phase(self, step: str, *, words: str, of: int) -> Iterator[None]:
        """Show and time one phase; what an interrupted one took is added to."""
        self.step, self.words, self.done, self.of = step, words, 0, of
        self.save()
        self.show()
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[step] = round(self.seconds.get(step, 0) + time.monotonic() - started, 1)
            self.save()
        self.show(end="\n")

    def advance(self, *, to: int) -> None:
        self.done = to
        self.save()
        self.show()

    def show(self, *, end: str = "") -> None:
        share = self.done / self.of if self.of else 0
        bar = ("#" * round(share * BAR_WIDTH)).ljust(BAR_WIDTH, ".")
        sys.stdout.write(f"\r{self.words:<44} [{bar}] {self.done}/{self.of} {end}")
        sys.stdout.flush()
