"""What make calls: install what is needed, then go on in the virtual environment.

Standard library only. `demo` and `serve` look at their port before anything
else, so that a taken one costs nobody ten minutes.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from deploy import installing, ports  # noqa: E402

MODULES = {
    "demo": ["deploy.serving", "demo"],
    "serve": ["deploy.serving", "site"],
    "test": ["deploy.testing"],
    "check": ["deploy.checking"],
    "bench": ["deploy.benching"],
}
SERVING, TESTING = {"demo", "serve"}, {"test", "check", "bench"}


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] not in MODULES:
        sys.exit(f"usage: python3 deploy/start.py {'|'.join(MODULES)}")
    wanted, *rest = arguments
    if wanted in SERVING:
        ports.free_port_or_exit()
    python = installing.installed_python(with_tests=wanted in TESTING)
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(python, [str(python), "-m", *MODULES[wanted], *rest])  # noqa: S606


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("radvigil: stopped")
