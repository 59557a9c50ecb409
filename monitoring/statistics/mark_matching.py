"""Which mark matches which lesion: one to one, the highest score first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from monitoring.statistics.mark_places import Criterion, Place, name_of, place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What became of the marks and lesions of one case, by their places in the input, and by which criterion.

    `pairs` are (mark, lesion). `repeated` marks hit only lesions that a better mark had taken: neither hits nor
    false. `false_marks` hit nothing, `missed` lesions were hit by none. Lesions that share a `mark_uid` are one
    lesion seen on several pictures and have one number, in order of appearance.
    """

    pairs: tuple[tuple[int, int], ...]
    repeated: tuple[int, ...]
    false_marks: tuple[int, ...]
    missed: tuple[int, ...]
    lesion_scores: tuple[float, ...]
    false_scores: tuple[float, ...]
    criterion: str

    @property
    def lesions(self) -> int:
        return len(self.lesion_scores)


def match_marks(
    marks: Sequence[Mapping[str, Any]], lesions: Sequence[Mapping[str, Any]], *, criterion: Criterion
) -> Matching:
    """Match the marks of one case to its lesions, greedily: the mark with the highest score takes the nearest free one.

    Marks and lesions are mappings as in `mark_places`, a mark with its `score` (none at all: every mark counts
    1). Ties go by the order given. `lesion_scores` holds each lesion's score, −inf where unmarked, as
    `afroc_figure_of_merit` and `froc` take them. A mark or lesion that names no place meets nothing.

    Raises:
        ValueError: a score or a place that is not finite.
    """
    scores = [_score(each) for each in marks]
    places = [place_of(each) for each in marks]
    views = _views(lesions)
    taken: dict[int, int] = {}
    repeated: list[int] = []
    false_marks: list[int] = []
    for mark in sorted(range(len(marks)), key=lambda each: -scores[each]):
        hits = _hits(places[mark], views, criterion=criterion)
        free = [lesion for _, lesion in hits if lesion not in taken]
        if free:
            taken[free[0]] = mark
        else:
            (repeated if hits else false_marks).append(mark)
    return Matching(
        pairs=tuple(sorted((mark, lesion) for lesion, mark in taken.items())),
        repeated=tuple(sorted(repeated)),
        false_marks=tuple(sorted(false_marks)),
        missed=tuple(lesion for lesion in range(len(views)) if lesion not in taken),
        lesion_scores=tuple(scores[taken[lesion]] if lesion in taken else -inf for lesion in range(len(views))),
        false_scores=tuple(scores[mark] for mark in sorted(false_marks)),
        criterion=name_of(criterion),
    )


def _score(mark: Mapping[str, Any]) -> float:
    score = mark.get("score")
    found = 1.0 if score is None else float(score)
    if not isfinite(found):
        raise ValueError("a mark's score must be finite")
    return found


def _views(lesions: Sequence[Mapping[str, Any]]) -> list[list[Place | None]]:
    groups: dict[Any, list[Place | None]] = {}
    for number, lesion in enumerate(lesions):
        groups.setdefault(lesion.get("mark_uid") or number, []).append(place_of(lesion))
    return list(groups.values())


def _hits(
    mark: Place | None, views: Sequence[Sequence[Place | None]], *, criterion: Criterion
) -> list[tuple[float, int]]:
    """Return the lesions that a mark hits, the nearest first."""
    if mark is None:
        return []
    found = []
    for number, places in enumerate(views):
        near = [criterion.closeness(mark, place) for place in places if place is not None and mark.may_meet(place)]
        hits = [each for each in near if each is not None]
        if hits:
            found.append((min(hits), number))
    return sorted(found)
