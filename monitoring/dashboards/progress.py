"""What is still being made while the demo starts, from the file that the making keeps."""

import json
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "demo-progress.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    words: str
    done: int
    of: int


def making(home: Path) -> Making | None:
    """Return what is being made at the moment; None where nothing is, or nothing can be read."""
    try:
        said = json.loads((home / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if said.get("is_seeded") or not isinstance(said.get("of"), int):
        return None
    return Making(words=str(said.get("words", "The demo is being made")), done=int(said.get("done", 0)), of=said["of"])
