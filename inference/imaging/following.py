"""Follows an archive over DICOMweb: Orthanc's changes where it lists them, else the last days again and again.

A search knows no cursor, so everything is compared from time to time, one
slice of days a turn: a study of 2004 that was stored today is found there. How
far it came is in the database, so it may die at any moment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from inference.imaging.archive_slices import Slice, lately, slices_of
from inference.imaging.archive_web import ArchiveError, OrthancChanges
from inference.imaging.archived_studies import Listed, Settling
from inference.imaging.models import Archive, ArchivedStudy

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many days are looked at again, how often everything is compared, and on which attribute updates are found.

    `updated_attribute` is one that the archive lets a search match with a moment of last update, if it has any.
    """

    days: int = 3
    compare_every: timedelta = timedelta(days=1)
    updated_attribute: str = ""


@dataclass(slots=True, kw_only=True)
class Follower:
    """Follows one archive, a turn at a time."""

    settling: Settling
    pace: Pace
    clock: Callable[[], datetime]
    changes: OrthancChanges | None = None
    stopped: Callable[[], bool] = field(default=lambda: False)

    @property
    def archive(self) -> Archive:
        return self.settling.archive

    def turn(self) -> int:
        """Take one turn and return how many studies were looked into; what went wrong is kept and raised.

        Raises:
            ArchiveError: the archive is away or answers something else.
        """
        try:
            looked = self.follow_changes() if self.changes else self.look_back()
            looked += self.compare()
        except ArchiveError as error:
            self.note(last_error=str(error)[:200], failed_at=self.clock())
            raise
        self.note(followed_at=self.clock(), last_error="")
        return looked

    def note(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self.archive, name, value)
        self.archive.save(update_fields=list(values))

    def look_back(self) -> int:
        """Look again at what was examined lately, and at what was updated where the archive can say so."""
        queries = [lately(self.clock().date(), days=self.pace.days).query]
        if self.pace.updated_attribute:
            since = self.clock() - timedelta(days=self.pace.days)
            queries.append({self.pace.updated_attribute: f"{since:%Y%m%d%H%M%S}-"})
        return sum(self.search(query) for query in queries)

    def search(self, query: dict[str, str], *, keeps: Callable[[Listed], bool] = lambda _: True) -> int:
        looked = 0
        for page in self.settling.server.search("studies", includefield="00201208", **query):
            listed = [each for said in page if (each := Listed.of(said)) is not None and keeps(each)]
            looked += self.settling.settle(listed)
            if self.stopped():
                break
        return looked

    def follow_changes(self) -> int:
        """Settle the studies of the list of changes; the cursor moves after them. What was before it is compared."""
        assert self.changes is not None
        end = self.changes.end()
        cursor = self.archive.cursor
        if cursor is None or cursor > end:  # begun today, or the archive was made anew: its list starts again
            cursor = end if cursor is None else 0
            self.note(cursor=cursor, compare_began_at=None, compared_at=None, next_slice=0)
        looked = 0
        while not self.stopped():
            page = self.changes.after(cursor)
            for uid in page.studies:
                looked += self.settle_uid(uid)
            cursor = page.last
            self.note(cursor=cursor, behind=max(end - cursor, 0))
            if page.is_done:
                break
        return looked

    def settle_uid(self, uid: str) -> int:
        looked = 0
        for page in self.settling.server.search("studies", includefield="00201208", StudyInstanceUID=uid):
            listed = [each for said in page if (each := Listed.of(said)) is not None]
            looked += self.settling.settle(listed, force=True)
        return looked

    def compare(self) -> int:
        """Compare one slice of the archive with what was seen of it, where a full comparison is due or under way."""
        now, archive = self.clock(), self.archive
        if archive.compare_began_at is None:
            if archive.compared_at is not None and now < archive.compared_at + self.pace.compare_every:
                return 0
            self.note(compare_began_at=now, next_slice=0)
        assert archive.compare_began_at is not None
        slices = slices_of(archive.compare_began_at.date())
        looked = self.compare_slice(slices[archive.next_slice]) if archive.next_slice < len(slices) else 0
        if self.stopped():
            return looked
        self.note(next_slice=archive.next_slice + 1, slices=len(slices))
        if archive.next_slice >= len(slices):
            self.note(compared_at=archive.compare_began_at, compare_began_at=None, next_slice=0)
            logger.info("archive compared: site=%s", archive.site_id)
        return looked

    def compare_slice(self, part: Slice) -> int:
        began = self.clock()
        if part.is_dateless:
            looked = self.search({}, keeps=lambda each: each.study_on is None)
        else:
            looked = self.search(part.query)
        if not self.stopped():
            unseen = ArchivedStudy.objects.filter(days_of(part), archive=self.archive, seen_at__lt=began, gone_at=None)
            unseen.update(gone_at=self.clock())
        return looked

    @property
    def is_comparing(self) -> bool:
        return self.archive.compare_began_at is not None


def days_of(part: Slice) -> Q:
    if part.is_dateless:
        return Q(study_on=None)
    after = Q(study_on__gte=part.first) if part.first else Q(study_on__isnull=False)
    return after & Q(study_on__lte=part.last) if part.last else after
