"""The benchmark table: every benchmark that exists, as text and as `bench.json` in the home."""

import os
import sys

from deploy.servers.embedded import embedded_servers, wanted_servers
from deploy.servers.place import home_folder
from deploy.servers.roles import let_owner_make_databases


def main(arguments: list[str]) -> int:
    home = home_folder()
    wanted = wanted_servers(os.environ)
    with embedded_servers(home / "bench", wanted=wanted) as running:
        if wanted.postgres:
            let_owner_make_databases(running.place)
        os.environ.update(running.environment)
        os.environ["RADVIGIL_HOME"] = str(home / "bench")
        from tests.benchmarks.table import run_all  # noqa: PLC0415 - reads the addresses above

        return run_all(arguments, output=home / "bench.json")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
