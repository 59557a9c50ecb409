"""What the database refuses, whoever asks: triggers on the append-only tables, and the rights of the roles.

Guard migrations call these; each package guards its own tables. A superuser can
undo all of it: that is what `verify_log` and older checkpoints are for.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.migrations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation

GUARD = "append_only"

CREATE_REFUSAL = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$;
"""
DROP_REFUSAL = "DROP FUNCTION refuse_change();"

# ALWAYS: also for sessions that replay a replication stream.
ROW_GUARD = """
    CREATE TRIGGER {guard}_rows BEFORE {events} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}_rows;
"""
TABLE_GUARD = """
    CREATE TRIGGER {guard}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}_whole;
"""
DROP_GUARDS = """
    DROP TRIGGER {guard}_rows ON {table};
    DROP TRIGGER {guard}_whole ON {table};
"""

# The one change an entry allows: the sequencer gives it its place, once, and touches nothing else.
ENTRY_GUARD = """
    CREATE TRIGGER append_only_rows BEFORE DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
    ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER append_only_rows;
    CREATE TRIGGER append_only_but_position BEFORE UPDATE ON audit_entry FOR EACH ROW
        WHEN (OLD.position IS NOT NULL OR NEW.position IS NULL OR ({others}))
        EXECUTE FUNCTION refuse_change();
    ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER append_only_but_position;
"""
ENTRY_COLUMNS = ("id", "organisation", "scope", "kind", "uid", "actor", "at", "record_sha256", "leaf_hash", "body")
ENTRY_CHECKS = """
    ALTER TABLE audit_entry
        ADD CONSTRAINT leaf_hash_is_that_of_the_body CHECK (leaf_hash = sha256('\\x00'::bytea || body)),
        ADD CONSTRAINT body_has_at_most_65535_bytes CHECK (octet_length(body) <= 65535),
        ADD CONSTRAINT position_is_not_negative CHECK (position >= 0);
"""


def refusal() -> RunSQL:
    return RunSQL(CREATE_REFUSAL, DROP_REFUSAL)


def append_only(table: str) -> RunSQL:
    """Return the operation that lets a table take new rows and nothing else."""
    create = ROW_GUARD.format(guard=GUARD, events="UPDATE OR DELETE", table=table, condition="")
    return RunSQL(create + TABLE_GUARD.format(guard=GUARD, table=table), DROP_GUARDS.format(guard=GUARD, table=table))


def entries_take_their_place_once() -> RunSQL:
    others = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in ENTRY_COLUMNS)
    create = ENTRY_GUARD.format(others=others) + TABLE_GUARD.format(guard=GUARD, table="audit_entry") + ENTRY_CHECKS
    undo = DROP_GUARDS.format(guard=GUARD, table="audit_entry")
    undo += "DROP TRIGGER append_only_but_position ON audit_entry;"
    checks = ("leaf_hash_is_that_of_the_body", "body_has_at_most_65535_bytes", "position_is_not_negative")
    undo += "".join(f"ALTER TABLE audit_entry DROP CONSTRAINT {name};" for name in checks)
    return RunSQL(create, undo)


def rights() -> Operation:
    """Return the operation that gives the roles of the settings what they may, on the tables there are by now."""
    return RunPython(lambda apps, schema_editor: grant_rights(schema_editor.connection), RunPython.noop)


OF_THE_LOG = ("audit_tree", "audit_tile", "audit_checkpoint", "audit_logkey")
GUARDED = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s"


def grant_rights(connection: Any) -> None:
    """Give the application's and the sequencer's role what they may, and take the rest. Idempotent.

    A role that is the migrating one, or is not there, is left alone: then there is but one role.
    """
    with connection.cursor() as cursor:
        cursor.execute(GUARDED, [f"{GUARD}_rows"])
        guarded = [table for (table,) in cursor.fetchall()]
        for name, statements in (("application", application_rights), ("sequencer", sequencer_rights)):
            role = str(settings.RADVIGIL_ROLES[name])
            if is_another_role(cursor, role):
                quoted = connection.ops.quote_name(role)
                for statement in statements(guarded):
                    cursor.execute(statement.format(role=quoted))


def is_another_role(cursor: Any, role: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [role])
    return cursor.fetchone() is not None


def application_rights(guarded: Iterable[str]) -> list[str]:
    """Everything on ordinary tables; on append-only ones only new rows; nothing new in the log's own tables."""
    changes = "SELECT, INSERT, UPDATE, DELETE"
    return [
        "GRANT USAGE ON SCHEMA public TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {changes} ON TABLES TO {{role}}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
        f"GRANT {changes} ON ALL TABLES IN SCHEMA public TO {{role}}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        *[f"REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON {table} FROM {{role}}" for table in guarded],
        *[f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {{role}}" for table in (*OF_THE_LOG, "django_migrations")],
    ]


def sequencer_rights(guarded: Iterable[str]) -> list[str]:
    """Positions, trees, tiles, checkpoints and keys; and to log what it does."""
    return [
        "GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT ON {', '.join((*OF_THE_LOG, 'audit_entry', 'audit_act'))} TO {{role}}",
        "GRANT UPDATE (position) ON audit_entry TO {role}",
        "GRANT UPDATE ON audit_tree, audit_tile TO {role}",
        "GRANT USAGE, SELECT ON SEQUENCE audit_entry_id_seq, audit_act_id_seq, audit_tile_id_seq, "
        "audit_checkpoint_id_seq, audit_logkey_id_seq TO {role}",
    ]


# What a witness remembers of another's log may grow; it never shrinks, takes another root for a size, or goes.
MEMORY_GUARD = """
    CREATE TRIGGER memory_rows BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER memory_rows;
    CREATE TRIGGER memory_grows BEFORE UPDATE ON {table} FOR EACH ROW
        WHEN (NEW.origin <> OLD.origin OR NEW.size < OLD.size
              OR (NEW.size = OLD.size AND OLD.size > 0 AND NEW.root <> OLD.root))
        EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER memory_grows;
"""


def memory_only_grows(table: str) -> RunSQL:
    """Return the operation by which a witness's memory of a size and root may grow and nothing else."""
    create = MEMORY_GUARD.format(table=table) + TABLE_GUARD.format(guard="memory", table=table)
    undo = DROP_GUARDS.format(guard="memory", table=table) + f"DROP TRIGGER memory_grows ON {table};"
    return RunSQL(create, undo)
