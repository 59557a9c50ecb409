"""Everything the page of one case needs, loaded in a number of queries that does not grow with its facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse

from audit.access.decisions import may
from audit.access.models import User
from inference.reads.actions import reader_key
from inference.reads.case import Line, ShownRun, Target, lines_of, shown_runs, targets_of
from inference.reads.images import Picture, pictures_of
from inference.reads.reach import sees_whole_site, shared_age_of, within_reach
from inference.reads.timeline import Moment, timeline_of
from inference.registry.queries import deployment_settings
from inference.studies.models import Study
from inference.studies.queries import images_of
from inference.studies.story import Story, story_of
from inference.studies.visibility import sees_study

SLOTS = {"counting": "cases:counting", "settle": "truth:settle", "resolve": "studies:identifiers"}
LABELS = {"acquisition.kvp": "kVp", "acquisition.exposure_mas": "Exposure (mAs)", "scanner.key": "Scanner"}
MOST_PICTURES = 12
DOUBLE_READING = ("first", "second")


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """One study as a page shows it to one person. `slots` are the addresses of what other subjects add."""

    study: Study
    zone: str
    pictures: Sequence[Picture]
    pictures_left: int
    may_see_images: bool
    may_read: bool
    may_settle: bool
    may_resolve: bool
    runs: Sequence[ShownRun]
    reads: Sequence[Line]
    responses: Sequence[Line]
    truths: Sequence[Line]
    timeline: Sequence[Moment]
    targets: Sequence[Target]
    stages: Sequence[str]
    slots: dict[str, str]
    described: Sequence[tuple[str, Any]]

    @property
    def has_marks(self) -> bool:
        return any(picture.marks for picture in self.pictures)

    @property
    def amends(self) -> bool:
        return any(target.own for target in self.targets)

    @property
    def breadcrumbs(self) -> list[tuple[str, str]]:
        return (
            [("Worklist", reverse("reads:worklist")), (f"Study {self.study}", "")]
            if self.may_read
            else [(f"Study {self.study}", "")]
        )


def load_case(study: Study, *, user: User, now: datetime) -> CasePage:
    story, is_whole = story_of(study), sees_whole_site(user, study, now=now)
    if not is_whole:
        story = within_reach(story, study, user=user, now=now)
    settings = {
        key: deployment_settings(key) for key in sorted({run.deployment_id for run in story.get("inference", ())})
    }
    runs = shown_runs(story, settings=settings)
    may_see_images = sees_study(user, "see_image", study, now=now)
    pictures = pictures_of(images_of(study), story.get("inference", ())) if may_see_images else []
    return CasePage(
        study=study,
        zone=study.site.timezone,
        pictures=pictures[:MOST_PICTURES],
        pictures_left=max(0, len(pictures) - MOST_PICTURES),
        may_see_images=may_see_images,
        may_read=sees_study(user, "record_read", study, now=now),
        may_settle=sees_study(user, "settle_truth", study, now=now),
        may_resolve=sees_study(user, "resolve_identity", study, now=now),
        runs=runs,
        reads=lines_of(story, "read"),
        responses=lines_of(story, "response"),
        truths=lines_of(story, "truth"),
        timeline=timeline_of(study, story),
        targets=targets_of(runs, story, settings=settings, reader=reader_key(user)),
        stages=stages_for(story, may_arbitrate=may(user, "arbitrate")),
        slots={name: address for name, url in SLOTS.items() if (address := address_of(url, study))},
        described=described_of(study, is_whole=is_whole),
    )


def address_of(url_name: str, study: Study) -> str:
    """Return the address of another subject's page on this study, or nothing where it is not installed."""
    try:
        return reverse(url_name, args=[study.pk])
    except NoReverseMatch:
        return ""


def stages_for(story: Story, *, may_arbitrate: bool) -> list[str]:
    """Return the stages a reader may choose, the likeliest first."""
    seen = {read.stage for read in story.get("read", ())}
    if not seen - {"preliminary", "retrospective"}:
        likely = "final"
    elif seen & set(DOUBLE_READING) and "second" not in seen:
        likely = "second"
    else:
        likely = "arbitration" if may_arbitrate else "retrospective"
    others = ["final", "first", "second", "third", "preliminary", "consensus", "addendum", "retrospective"]
    choices = [likely, *(stage for stage in others if stage != likely)]
    return choices if not may_arbitrate or "arbitration" in choices else [*choices, "arbitration"]


def described_of(study: Study, *, is_whole: bool) -> list[tuple[str, Any]]:
    """Return what is known of the study beside its columns, in words, in a fixed order; shared ages end at 90+."""
    known = study.described if is_whole else study.described | shared_age_of(study.described)
    return [
        (LABELS.get(name) or name.split(".", 1)[-1].replace("_", " ").capitalize(), in_figures(value))
        for name, value in sorted(known.items())
        if name not in ("study.modality", "study.body_part", "study.acquired_at")
    ]


def in_figures(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else value
