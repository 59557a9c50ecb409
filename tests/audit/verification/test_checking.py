"""A whole package holds, in one process or several, and with entries that are shown in part."""

from hashlib import sha256

import pytest

from audit.proofs.canonical import canonical_json, parse_json
from audit.verification import workers
from audit.verification.checking import check_package
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


class Large:
    """A log with one run that is too large for its entry: its payload stands beside the log."""

    def __init__(self, folder):
        self.log, self.rows = scored_log()
        entry = parse_json(self.log.bodies[2])
        self.payload = entry["payload"] | {"described": {"x": "y" * 80_000}}
        digest = sha256(canonical_json(self.payload)).hexdigest()
        self.log.bodies[2] = canonical_json(entry | {"payload": {"payload_sha256": digest}})
        self.folder = folder

    def check(self, payload):
        lines = [] if payload is None else [(2, payload)]
        files = content_files(self.rows)
        path = self.folder / "large.zip"
        write_package(path, {"north-group": self.log}, files=files, payloads=lambda large: lines)
        return check_package(path, pins=[self.log.pair.public.fingerprint])


def test_a_payload_too_large_for_its_entry_is_proved_by_its_hash(tmp_path):
    large = Large(tmp_path)
    report = large.check(large.payload)
    assert (report.problems, report.notices) == ([], [])


def test_a_large_payload_that_was_edited_is_named(tmp_path):
    large = Large(tmp_path)
    large.payload["predictions"][0]["score"] = 0.99
    problems = large.check(large.payload).problems
    assert problems == ["The payload for position 2 of the log of north-group is not the one that its entry names."]


def test_a_large_payload_that_is_not_shown_is_told(tmp_path):
    report = Large(tmp_path).check(None)
    assert report.problems == []
    assert "1 entries of the log of north-group were too large" in report.notices[0]
