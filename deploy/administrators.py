"""The first administrator of an empty site, asked for on the terminal."""

import shlex
import subprocess
import sys
from collections.abc import Mapping

from deploy.installing import ROOT, say
from deploy.preparing import has_users

COMMAND = ["create_user", "--role", "administrator"]


def ask_for_first(environment: Mapping[str, str]) -> None:
    """Ask for a name and print the new password once; say the command where nobody can answer."""
    if has_users(environment):
        return
    if not sys.stdin.isatty():
        say("nobody can log in yet. Create the first administrator:")
        home = environment["RADVIGIL_HOME"]
        say(f"    RADVIGIL_HOME={shlex.quote(home)} python3 manage.py create_user NAME --role administrator")
        return
    name = input("radvigil: user name of the first administrator (empty: later): ").strip()
    if name:
        command = [sys.executable, str(ROOT / "manage.py"), COMMAND[0], name, *COMMAND[1:]]
        subprocess.run(command, env=dict(environment), check=False)
