#!/usr/bin/env python
"""Django's command line, with the servers it needs.

A command starts the embedded servers where none run and no address was given,
and stops them when nobody else uses them.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WITHOUT_SERVERS = {"help", "--help", "version", "--version", "makemigrations", "collectstatic", "check"}


def main() -> None:
    use_virtual_environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings.base")
    if needs_servers(sys.argv):
        run_with_servers()
    else:
        execute(sys.argv)


def use_virtual_environment() -> None:
    """Go on with the Python that has Django, when this one has not."""
    python = ROOT / ".venv" / "bin" / "python"
    if find_spec("django") is None and python.exists():
        os.execv(python, [str(python), *sys.argv])  # noqa: S606


def needs_servers(arguments: list[str]) -> bool:
    return len(arguments) > 1 and arguments[1] not in WITHOUT_SERVERS and "--help" not in arguments


def run_with_servers() -> None:
    from deploy.servers.embedded import servers_for  # noqa: PLC0415
    from deploy.servers.errors import ServerError  # noqa: PLC0415
    from deploy.servers.place import home_folder  # noqa: PLC0415

    try:
        with servers_for(home_folder()):
            execute(with_owner(sys.argv))
    except ServerError as error:
        sys.exit(str(error))


def with_owner(arguments: list[str]) -> list[str]:
    """Migrations run as the role that owns the tables, unless another one is named."""
    if arguments[1] == "migrate" and not any(each.startswith("--database") for each in arguments):
        return [*arguments, "--database=owner"]
    return arguments


def execute(arguments: list[str]) -> None:
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(arguments)


if __name__ == "__main__":
    main()
