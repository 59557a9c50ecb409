"""The whole test suite, on servers of its own.

The home lies beside the demo's and is kept, so that the next run starts at
once; the suite makes and drops its databases itself.
"""

import os
import subprocess
import sys

from deploy.installing import ROOT
from deploy.servers.embedded import embedded_servers, wanted_servers
from deploy.servers.place import home_folder
from deploy.servers.roles import let_owner_make_databases, superuser_address


def main(arguments: list[str]) -> int:
    home = home_folder() / "test"
    wanted = wanted_servers(os.environ)
    with embedded_servers(home, wanted=wanted) as running:
        environment = os.environ | running.environment
        if wanted.postgres:
            let_owner_make_databases(running.place)
            environment["RADVIGIL_TEST_SUPERUSER_URL"] = superuser_address(running.place)
        environment.pop("RADVIGIL_HOME", None)  # each test run makes its own
        command = [sys.executable, "-m", "pytest", "--create-db", "--hypothesis-profile=repeatable", *arguments]
        return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
