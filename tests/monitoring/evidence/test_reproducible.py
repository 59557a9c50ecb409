"""The same scope and instant give the same content, whenever and however often it is asked for."""

import zipfile
from datetime import timedelta

import pytest

from tests.factories import inference_row, send, truth_row
from tests.monitoring.evidence.conftest import export, fill_log

pytestmark = pytest.mark.django_db
SIGNED = ("data/logs/", "manifest-", "tagmanifest-", "bag-info.txt")


def content_of(path):
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist() if not name.startswith(SIGNED)]


def test_two_packages_of_one_instant_differ_in_their_signatures_alone(db, now, tmp_path):
    fill_log(now)
    instant = (now + timedelta(minutes=1)).isoformat()
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    export(first, "--site", "north", "--as-of", instant)
    later = now + timedelta(minutes=5)
    send("inferences", inference_row(30), now=later)
    send("truth", truth_row(1, value="negative", determined_at="2026-03-04T10:00:00Z"), now=later)
    export(second, "--site", "north", "--as-of", instant)
    before, after = content_of(first), content_of(second)
    assert [name for name, _ in before] == [name for name, _ in after]
    assert [name for (name, one), (_, other) in zip(before, after, strict=True) if one != other] == []
