"""The virtual environment: made once, filled with what the pins name, again when they change.

Standard library only: this runs before anything is installed.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PINS = ROOT / "deploy" / "requirements.txt"
TORCH = ROOT / "deploy" / "requirements-torch.txt"
TEST_PINS = ROOT / "deploy" / "requirements-test.txt"
LONE_TEST_PINS = ROOT / "deploy" / "requirements-test-alone.txt"
OLDEST = (3, 11)
WHOLE = "--no-deps"  # a pinned file is complete; old pips stumble over extras where every line has a hash


def installed_python(*, with_tests: bool) -> Path:
    """Return the virtual environment's Python, after installing what is missing."""
    require_python()
    python = VENV / "bin" / "python"
    if not runs(python):
        make_environment()
    install(python, name="product", steps=([WHOLE, PINS], [TORCH]))
    if with_tests:
        install(python, name="tests", steps=([WHOLE, TEST_PINS], [WHOLE, LONE_TEST_PINS]))
    return python


def require_python() -> None:
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"Radvigil needs Python 3.11 or newer; this is {found}. Name another: make demo PYTHON=python3.12")


def runs(python: Path) -> bool:
    """Tell whether the environment works: a moved checkout or a removed Python breaks it."""
    command = [str(python), "-c", f"import pip, sys; sys.exit(sys.prefix != {str(VENV)!r})"]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def make_environment() -> None:
    say(f"making {VENV}")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit("Python could not make a virtual environment; on Debian: apt-get install python3-venv")


def install(python: Path, *, name: str, steps: Sequence[Sequence[Path | str]]) -> None:
    """Install one set of pins, unless exactly these are installed already."""
    stamp, wanted = VENV / f"installed-{name}", fingerprint(steps)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"installing pinned dependencies ({name}); the first time this takes some minutes")
    for step in steps:
        options = [f"--requirement={part}" if isinstance(part, Path) else part for part in step]
        command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *options]
        if subprocess.run(command, check=False, cwd=ROOT).returncode:
            sys.exit("Installing failed; what pip said stands above. Start again to go on where it stopped.")
    if name == "product" and not (VENV / "installed-tests").exists():  # a test extra leaves out what it needs
        check_complete(python)
    stamp.write_text(wanted)


def check_complete(python: Path) -> None:
    if subprocess.run([str(python), "-m", "pip", "check"], check=False).returncode:
        sys.exit("The pins do not fit this Python; what is missing stands above. Python 3.11 is known to work.")


def fingerprint(steps: Sequence[Sequence[Path | str]]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for part in (part for step in steps for part in step):
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return digest.hexdigest()


def say(text: str) -> None:
    print(f"radvigil: {text}", flush=True)
