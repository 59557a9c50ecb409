"""What the database itself refuses: as the application, the sequencer and the owner, in raw SQL."""

import pytest
from django.db import connections
from django.db.utils import DatabaseError, ProgrammingError

from audit.log.actions import record_act
from audit.log.queries import fact_tables
from audit.log.sequencing import sequence

GUARDED = {
    "audit_act", "audit_checkpoint", "audit_cosignature", "audit_entry", "audit_logkey", "audit_signature",
    "audit_signingkey", "audit_timestamp",
    "inference_correction", "inference_event", "inference_inference", "inference_prediction", "inference_read",
    "inference_registration", "inference_rescore", "inference_response", "inference_truth",
    "monitoring_claimswitch", "monitoring_drawncase", "monitoring_labelplan", "monitoring_planwithdrawal",
}  # fmt: skip
OF_THE_SEQUENCER = {"audit_tree", "audit_tile"}
ONLY_GROWING = {"audit_witnessedlog"}  # what we remember as a witness: a trigger refuses that it shrinks
# May change, because nothing is proved by them: a new table is put here on purpose, or guarded by a migration.
ORDINARY = {
    "audit_accessrules", "audit_attempt", "audit_emergency", "audit_factor", "audit_failure", "audit_grant",
    "audit_identity", "audit_refusalcount",
    "audit_notice", "audit_recoverycode", "audit_sealedkey", "audit_session", "audit_token", "audit_user",
    "audit_witness", "auth_group",
    "auth_group_permissions", "auth_permission", "axes_accessattempt", "axes_accessattemptexpiration",
    "axes_accessfailurelog", "axes_accesslog", "django_content_type", "django_session", "inference_archive",
    "inference_archivedobject", "inference_archivedstudy", "inference_claim", "inference_concept",
    "inference_configuration", "inference_deployment", "inference_discard", "inference_erasure", "inference_finding",
    "inference_hold", "inference_inboundmessage", "inference_lastlook", "inference_link", "inference_madelabel",
    "inference_mappingrule", "inference_market", "inference_modelanswer", "inference_modelswitch",
    "inference_organisation", "inference_person", "inference_product", "inference_repair", "inference_rescoreitem",
    "inference_rescorerun", "inference_resultsource", "inference_scanner", "inference_setaside",
    "inference_sharedorder", "inference_sharing", "inference_site", "inference_storedimage", "inference_study",
    "inference_truthrule", "inference_vaultvalue", "inference_version", "monitoring_case", "monitoring_cursor",
    "monitoring_monitor", "monitoring_monthsum", "monitoring_package", "monitoring_signal",
}  # fmt: skip


@pytest.fixture
def acts(committed_database, now):
    for number in range(3):
        record_act("test.act", organisation="north-group", subject=f"act {number}", actor="test", at=now)
    sequence(now=now)
    record_act("test.act", organisation="north-group", subject="waiting", actor="test", at=now)


def run(alias: str, statement: str) -> list[tuple]:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def tables(alias: str) -> set[str]:
    return {name for (name,) in run(alias, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


@pytest.mark.django_db
def test_every_table_has_a_decision():
    undecided = tables("default") - GUARDED - OF_THE_SEQUENCER - ONLY_GROWING - ORDINARY - {"django_migrations"}
    assert not undecided, "guard these tables with a migration, or call them ordinary"


@pytest.mark.django_db
def test_every_fact_table_is_guarded():
    assert {table._meta.db_table for table in fact_tables()} <= GUARDED


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(GUARDED))
def test_a_guarded_table_has_both_triggers(table):
    found = run("default", f"SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = '{table}'::regclass")
    assert {("append_only_rows", "A"), ("append_only_whole", "A")} <= set(found)


BEYOND_THE_OWNER = [
    "UPDATE audit_act SET subject = 'another'",
    "DELETE FROM audit_act",
    "TRUNCATE audit_act CASCADE",
    "TRUNCATE audit_entry CASCADE",
    "DELETE FROM audit_entry",
    "UPDATE audit_entry SET position = position + 1",
    "UPDATE audit_entry SET position = NULL",
    "UPDATE audit_entry SET position = 7, actor = 'another' WHERE position IS NULL",
    "UPDATE audit_entry SET body = 'x', leaf_hash = sha256('x') WHERE position IS NULL",
    "DELETE FROM audit_logkey",
    "UPDATE audit_logkey SET origin = 'another'",
]
BEYOND_THE_APPLICATION = [
    "UPDATE audit_act SET subject = 'another'",
    "DELETE FROM audit_act",
    "TRUNCATE audit_act",
    "UPDATE audit_entry SET position = 9 WHERE position IS NULL",
    "DELETE FROM audit_entry",
    "UPDATE inference_prediction SET score = 1",
    "DELETE FROM inference_truth",
    "TRUNCATE inference_read CASCADE",
    "ALTER TABLE audit_act DISABLE TRIGGER ALL",
    "DROP TRIGGER append_only_rows ON audit_act",
    "DROP TABLE audit_act",
    "CREATE TRIGGER mine BEFORE INSERT ON audit_act FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "INSERT INTO audit_checkpoint (organisation, size, root, note, signed_at) VALUES ('a', 1, '', '', now())",
    "INSERT INTO audit_logkey (organisation, origin, public_key, created_at) VALUES ('a', 'b', '', now())",
    "UPDATE audit_tree SET size = 0",
    "UPDATE audit_tile SET hashes = ''",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('audit', '0003', now())",
    "SET ROLE radvigil_owner",
    "SET session_replication_role = replica",
    "CREATE TABLE public.mine (id int)",
]
BEYOND_THE_SEQUENCER = [
    "UPDATE audit_entry SET actor = 'another' WHERE position IS NULL",
    "DELETE FROM audit_entry",
    "UPDATE audit_act SET subject = 'another'",
    "DELETE FROM audit_tile",
    "UPDATE audit_checkpoint SET size = 1",
    "INSERT INTO inference_truth DEFAULT VALUES",
    "SELECT salt FROM inference_person",
    "SELECT * FROM audit_user",
]


def test_even_the_owner_is_refused_by_the_triggers(acts):
    for statement in BEYOND_THE_OWNER:
        with pytest.raises(DatabaseError, match="append-only"):
            run("owner", statement)


def test_the_application_has_no_right_to_change_what_was_written(acts):
    for statement in BEYOND_THE_APPLICATION:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner|must be able to SET ROLE"):
            run("default", statement)


def test_the_sequencer_may_only_sequence(acts):
    for statement in BEYOND_THE_SEQUENCER:
        with pytest.raises(ProgrammingError, match="permission denied"):
            run("sequencer", statement)


def test_the_sequencer_cannot_move_an_entry(acts):
    with pytest.raises(DatabaseError, match="append-only"):
        run("sequencer", "UPDATE audit_entry SET position = 100 WHERE position = 1")


def test_an_entry_whose_leaf_is_not_its_body_is_refused(acts):
    with pytest.raises(DatabaseError, match="leaf_hash_is_that_of_the_body"):
        run(
            "default",
            "INSERT INTO audit_entry (organisation, scope, kind, uid, actor, at, record_sha256, leaf_hash, body)"
            " VALUES ('a', 'b', 'c', 'd', 'e', now(), '', sha256('x'), 'y')",
        )


def test_the_application_works_on_ordinary_tables(committed_database):
    run("default", "INSERT INTO inference_organisation (key, kind, name, country) VALUES ('a', 'provider', 'A', '')")
    run("default", "UPDATE inference_organisation SET name = 'B'")
    run("default", "DELETE FROM inference_organisation")
    run("default", "DELETE FROM inference_person")
