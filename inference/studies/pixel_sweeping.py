"""Files of the pixel store that no row names: what a crash between a file and its row leaves, found and removed.

Erasure finds a person's files by their rows, so a file without one must not stay.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from inference.studies.models import StoredImage
from inference.studies.pixel_files import remove_file

AGE = timedelta(days=1)
BATCH = 1_000
HOURS = 24


def sweep_pixels(folder: Path, *, now: datetime, age: timedelta = AGE) -> int:
    """Remove the files of this hour's folders that are older than `age` and have no row; return how many.

    Each folder has its hour, so that all are looked at once a day.
    """
    return sum(remove_nameless(folder, files) for files in batches(folder, now=now, before=now - age))


def batches(folder: Path, *, now: datetime, before: datetime) -> Iterator[list[str]]:
    for part in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        if int(part.name, 16) % HOURS == now.hour:
            old = (f"{part.name}/{path.name}" for path in part.iterdir() if path.stat().st_mtime < before.timestamp())
            while some := list(islice(old, BATCH)):
                yield some


def remove_nameless(folder: Path, files: list[str]) -> int:
    stands = set(StoredImage.objects.filter(path__in=files).values_list("path", flat=True))
    nameless = [name for name in files if name not in stands]
    for name in nameless:
        remove_file(folder, name)
    return len(nameless)
