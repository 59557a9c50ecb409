"""What a home holds: a demo or a real site, never both.

Synthetic and real facts in one log could not be told apart later, so a home
is marked when it is first served and refused to the other kind afterwards.
"""

from pathlib import Path

DEMO, SITE = "demo", "site"


class OtherKindError(Exception):
    def __init__(self, *, home: Path, kind: str, wanted: str) -> None:
        command = "make demo" if wanted == DEMO else "make serve"
        super().__init__(
            f"{home} holds a {kind}; {wanted} and {kind} data are never mixed. "
            f"Name another folder: RADVIGIL_HOME={home}-{wanted} {command}"
        )


def kind_of(home: Path) -> str:
    """Return what this home was marked as, or nothing."""
    try:
        return (home / "kind").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def is_demo_home(home: Path) -> bool:
    return kind_of(home) == DEMO


def check_kind(home: Path, *, wanted: str) -> None:
    """Refuse a home of the other kind.

    Raises:
        OtherKindError: it was marked as the other one; the message names a way out.
    """
    kind = kind_of(home)
    if kind and kind != wanted:
        raise OtherKindError(home=home, kind=kind, wanted=wanted)


def mark(home: Path, *, kind: str) -> None:
    (home / "kind").write_text(f"{kind}\n")
