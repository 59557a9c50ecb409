"""A whole package holds, in one process or several, and with entries that are shown in part."""

import pytest

from audit.proofs.canonical import parse_json
from audit.verification import workers
from tests.audit.verification.packaging import content_files, scored_log, write_package


def test_a_whole_package_holds(small):
    report = small.check()
    assert (report.problems, report.unpinned) == ([], [])


def test_without_its_key_it_holds_but_is_not_pinned(small):
    report = small.check(pins=["0" * 64])
    assert (report.problems, report.unpinned) == ([], ["north-group"])


def some_hidden(body):
    entry = parse_json(body)
    return entry | {"payload": entry["payload"] | {"study": "hidden"}} if b"00000000003" in body else None


@pytest.mark.parametrize("processes", [1, 2])
def test_many_batches_hold_in_several_processes(tmp_path, monkeypatch, processes):
    monkeypatch.setattr("audit.verification.bag.BLOCK", 4_000)
    log, rows = scored_log(cases=80)
    path = write_package(tmp_path / "p.zip", {"north-group": log}, files=content_files(rows), withhold=some_hidden)
    from audit.verification.checking import check_package

    report = check_package(path, pins=[log.pair.public.fingerprint], processes=processes)
    assert report.problems == []
    assert workers.processors() >= 1


def test_the_same_content_gives_the_same_package_to_the_byte(tmp_path):
    made = []
    for name in ("1.zip", "2.zip"):
        log, rows = scored_log()
        path = write_package(tmp_path / name, {"north-group": log}, files=content_files(rows), withhold=some_hidden)
        made.append(path.read_bytes())
    assert made[0] == made[1]
