"""Format, lint, types, import contracts, migrations, the verifier's printed hash: up to the first that fails."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.installing import ROOT, say

PACKAGES = ["audit", "inference", "monitoring", "deploy"]
STEPS = (
    ["ruff", "format", "--check", "."],
    ["ruff", "check", "."],
    ["mypy", "manage.py", *PACKAGES],
    ["lint-imports"],
    ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    ["python", "-m", "audit.packages", "--check", "docs/verify.py.sha256"],
)


def main() -> int:
    programs = Path(sys.executable).parent
    with tempfile.TemporaryDirectory(prefix="radvigil-check-") as home:
        environment = os.environ | {"RADVIGIL_HOME": home, "PYTHONWARNINGS": "ignore"}
        for program, *arguments in STEPS:
            say(" ".join([program, *arguments]))
            command = [str(programs / program), *arguments]
            code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
            if code:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
