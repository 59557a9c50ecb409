"""What the entries say of cases, kept small: which run, truth or read stands where, with its scores and decisions.

A million entries take some tens of megabytes: numbers lie in arrays, every text that repeats is kept once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isnan, nan
from typing import Any

NOTHING, RUN, TRUTH, READ = range(4)
KINDS = {"inference": RUN, "truth": TRUTH, "read": READ}


class Names:
    """Texts, each with a number of its own."""

    def __init__(self) -> None:
        self.texts: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, text: Any) -> int:
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return found


@dataclass(slots=True)
class Saying:
    """What some entries in a row say: for each its kind and how many parts it has, and all parts one after another."""

    kinds: array[int] = field(default_factory=lambda: array("B"))
    counts: array[int] = field(default_factory=lambda: array("I"))
    places: array[int] = field(default_factory=lambda: array("I"))
    words: array[int] = field(default_factory=lambda: array("I"))
    scores: array[float] = field(default_factory=lambda: array("d"))
    names: Names = field(default_factory=Names)

    def nothing(self) -> None:
        self.kinds.append(NOTHING)
        self.counts.append(0)

    def add(self, kind: str, payload: Mapping[str, Any]) -> None:
        code, count = KINDS[kind], 0
        if code == RUN:
            for part in payload.get("predictions", ()):
                self._part((part["finding"], part.get("region", "")), part.get("decision", ""), part.get("score"))
                count += 1
        else:
            word = payload.get("value" if code == TRUTH else "decision", "")
            self._part(("", payload.get("region", "")), word, None)
            count = 1
        self.kinds.append(code)
        self.counts.append(count)

    def _part(self, place: tuple[str, str], word: str, score: float | None) -> None:
        self.places.append(self.names.number(place))
        self.words.append(self.names.number(word))
        self.scores.append(nan if score is None else score)

    def cut(self, count: int) -> None:
        """Forget what a malformed entry left behind, so that `count` entries stand."""
        del self.kinds[count:], self.counts[count:]
        parts = sum(self.counts)
        del self.places[parts:], self.words[parts:], self.scores[parts:]


def parts_of(saying: Saying) -> Iterator[tuple[Any, Any, float | None]]:
    """Yield (place, word, score) of every part."""
    for place, word, score in zip(saying.places, saying.words, saying.scores, strict=True):
        yield saying.names.texts[place], saying.names.texts[word], None if isnan(score) else score


@dataclass(slots=True)
class LogSaid:
    """What the entries of one log say, found by position."""

    positions: array[int] = field(default_factory=lambda: array("Q"))
    starts: array[int] = field(default_factory=lambda: array("Q", [0]))
    whole: Saying = field(default_factory=Saying)
    large: dict[int, Saying | None] = field(default_factory=dict)
    """What entries say whose payload stands beside the log; nothing where the package does not show it."""

    def add(self, positions: array[int], saying: Saying) -> None:
        self.positions.extend(positions)
        self.whole.kinds.extend(saying.kinds)
        total = self.starts[-1]
        for count in saying.counts:
            total += count
            self.starts.append(total)
        mine = array("I", [self.whole.names.number(text) for text in saying.names.texts])
        self.whole.places.extend([mine[number] for number in saying.places])
        self.whole.words.extend([mine[number] for number in saying.words])
        self.whole.scores.extend(saying.scores)

    def index(self, position: Any, *, kind: int) -> int | None:
        if not isinstance(position, int):
            return None
        at = bisect_left(self.positions, position)
        is_there = at < len(self.positions) and self.positions[at] == position
        return at if is_there and self.whole.kinds[at] == kind else None

    def parts(self, at: int) -> Iterator[tuple[Any, Any, float | None]]:
        """Yield (place, word, score) of each part of an entry."""
        names = self.whole.names.texts
        for part in range(self.starts[at], self.starts[at + 1]):
            score = self.whole.scores[part]
            yield names[self.whole.places[part]], names[self.whole.words[part]], None if isnan(score) else score


class Said:
    """What the proved entries of all logs say."""

    def __init__(self) -> None:
        self.logs: dict[str, LogSaid] = {}

    def run(self, log: str, position: Any) -> dict[Any, tuple[Any, Any]] | None:
        """Return score and decision by finding and region; nothing where no proved run stands."""
        found = self._found(log, position, kind=RUN)
        return None if found is None else {place: (score, word) for place, word, score in found}

    def is_unshown(self, log: str, position: Any) -> bool:
        """Return whether an entry's payload was too large for it, and is not in the package."""
        held = self.logs.get(log)
        return held is not None and position in held.large and held.large[position] is None

    def truth(self, log: str, position: Any) -> tuple[str, str] | None:
        return self._single(log, position, kind=TRUTH)

    def read(self, log: str, position: Any) -> tuple[str, str] | None:
        return self._single(log, position, kind=READ)

    def _single(self, log: str, position: Any, *, kind: int) -> tuple[str, str] | None:
        """Return region and value."""
        found = self._found(log, position, kind=kind)
        return None if not found else (found[0][0][1], found[0][1])

    def _found(self, log: str, position: Any, *, kind: int) -> list[tuple[Any, Any, float | None]] | None:
        held = self.logs.get(log)
        at = held.index(position, kind=kind) if held else None
        if held is None or at is None:
            return None
        beside = held.large.get(position)
        return list(held.parts(at)) if beside is None else list(parts_of(beside))
