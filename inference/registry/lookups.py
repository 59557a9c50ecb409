"""Finds what a line names, or says on which line something is not registered."""

from typing import Any, NoReturn

from inference.errors import RegistryFileError


def refuse_line(line: int, subject: str, reason: str) -> NoReturn:
    raise RegistryFileError(f"Line {line}, {subject}: {reason}.")


def registered(table: type[Any], key: str, *, line: int, subject: str) -> Any:
    """Return the row of a key.

    Raises:
        RegistryFileError: it is not registered.
    """
    row = table.objects.filter(pk=key).first()
    if row is None:
        refuse_line(line, subject, f"the {table._meta.verbose_name} {key!r} is not registered; add it to the file")
    return row
