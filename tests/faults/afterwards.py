"""What must hold after any fault: every row, message and object is there once, and the log verifies."""

import psycopg

from tests.deploy.sites import wait_until
from tests.faults.hospital import files_in
from tests.faults.installation import Installation

KILLS_OF_EACH = 4


def counted(site: Installation, statement: str) -> int:
    with psycopg.connect(site.environment["RADVIGIL_DATABASE_OWNER_URL"], autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def assert_all_there_once(site: Installation, *, rows: int, messages: int = 0, objects: int = 0) -> None:
    assert counted(site, "SELECT count(*) FROM inference_inference") == rows
    uids = "SELECT count(DISTINCT (deployment_id, uid)) FROM inference_inference JOIN audit_entry e ON e.id = entry_id"
    assert counted(site, uids) == rows
    assert counted(site, "SELECT count(*) FROM inference_prediction") == rows
    assert counted(site, "SELECT count(DISTINCT digest) FROM inference_inboundmessage") == messages
    assert counted(site, "SELECT count(*) FROM inference_inboundmessage") == messages
    assert_objects_there_once(site, objects=objects)
    assert counted(site, "SELECT count(*) FROM inference_setaside") == 0
    caught_up = site.command("catch_up")
    assert caught_up.returncode == 0, caught_up.stderr
    assert counted(site, "SELECT count(*) FROM audit_entry WHERE position IS NULL") == 0
    verified = site.command("verify_log")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert verified.stdout.startswith("Intact")


def assert_objects_there_once(site: Installation, *, objects: int) -> None:
    """Every acknowledged object leaves the inbox for the pixel store, with one row, its file and one event.

    A kill between a file and its row leaves a file that the daily sweep removes.
    """
    wait_until(lambda: not files_in(site.home / "inbox", "*.object"), seconds=60)
    wait_until(lambda: counted(site, "SELECT count(*) FROM inference_storedimage") >= objects, seconds=10)
    assert counted(site, "SELECT count(*) FROM inference_storedimage") == objects
    assert counted(site, "SELECT count(*) FROM inference_event WHERE kind = 'acquired'") == objects
    kept = {path.name for path in files_in(site.home / "pixels", "*.dcm")}
    assert named_files(site) <= kept and len(kept) <= objects + KILLS_OF_EACH


def named_files(site: Installation) -> set[str]:
    with psycopg.connect(site.environment["RADVIGIL_DATABASE_OWNER_URL"]) as connection:
        return {path.split("/")[-1] for (path,) in connection.execute("SELECT path FROM inference_storedimage")}
