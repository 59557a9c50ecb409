"""Which listeners and followers run beside the web: `RADVIGIL_LISTENERS`, commands separated by semicolons.

Such as `listen_hl7 --site north --port 2575; listen_dicom --site north`. Only
those that listen or follow are started this way.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = "RADVIGIL_LISTENERS"
COMMANDS = frozenset({"listen_hl7", "listen_dicom", "follow_dicomweb", "stream_audit"})


class ListenerError(Exception):
    """The variable names something that cannot be started; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One command with its arguments, and the name of its log."""

    name: str
    arguments: tuple[str, ...]


def wanted_listeners(environment: Mapping[str, str]) -> list[Listener]:
    """Return the listeners in the order named.

    Raises:
        ListenerError: one is none of ours, or is not written as a command.
    """
    found: list[Listener] = []
    for number, text in enumerate(filter(str.strip, environment.get(VARIABLE, "").split(";")), start=1):
        try:
            arguments = tuple(shlex.split(text))
        except ValueError as error:
            raise ListenerError(f"{VARIABLE}: {text.strip()!r} is not written as a command: {error}") from error
        if arguments[0] not in COMMANDS:
            raise ListenerError(f"{VARIABLE}: {arguments[0]!r} is none of {', '.join(sorted(COMMANDS))}")
        found.append(Listener(name=f"{arguments[0]}-{number}", arguments=arguments))
    return found
