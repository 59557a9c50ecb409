"""The public commands, called as a person would: files in, estimates out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
from django.core.management import call_command
from django.db import connections

from tests.committing import committed_copy


def imported(command: str, table: pd.DataFrame, *, folder: Path, name: str, **scope: str) -> None:
    """Write a table beside the others and import it; a row that does not go in ends the command with an exit code."""
    path = folder / name
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
    call_command(command, str(path), stdout=StringIO(), stderr=StringIO(), **scope)


def registered(text: str, *, folder: Path) -> None:
    path = folder / "registry.yaml"
    path.write_text(text)
    call_command("register", str(path), stdout=StringIO())


def estimated(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("estimate", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def one_figure(*arguments: str) -> dict[str, Any]:
    (figure,) = estimated(*arguments)["estimates"]
    return figure


@contextmanager
def shared_import(blocker: Any) -> Iterator[None]:
    """Let a module's tests share one import, committed to a database of their own."""
    with blocker.unblock(), committed_copy():
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM")  # the template's tables were filled and rolled back: its statistics say nothing
        yield
