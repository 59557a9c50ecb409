"""What can go wrong with the embedded servers, said so that a person knows what to do next."""

from pathlib import Path

LAST_LINES = 12


class ServerError(Exception):
    """Base of every error the embedded servers raise on purpose."""


class ServerStartError(ServerError):
    def __init__(self, name: str, log: Path) -> None:
        lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:] if log.exists() else []
        super().__init__("\n".join([f"{name} did not start; the end of {log}:", *lines]))


class NoAccountError(ServerError):
    def __init__(self) -> None:
        super().__init__(
            "PostgreSQL refuses to run as root, and no other user can be taken here. "
            "Start as an ordinary user, or name your own server in RADVIGIL_DATABASE_URL."
        )


class NoShortFolderError(ServerError):
    def __init__(self) -> None:
        super().__init__("No folder for sockets could be made: set TMPDIR to a short path that can be written to.")


class NoProgramFolderError(ServerError):
    def __init__(self) -> None:
        super().__init__(
            "The user that PostgreSQL runs as cannot reach its programs here, and neither /var/tmp nor the "
            "temporary folder allows programs to run. Set TMPDIR to a folder that does."
        )


class NotInstalledError(ServerError):
    def __init__(self, wheel: str) -> None:
        super().__init__(f"{wheel} is not installed here; run `make demo`, `make serve` or `make test` once.")


class MissingAddressError(ServerError):
    def __init__(self, name: str) -> None:
        super().__init__(f"RADVIGIL_DATABASE_URL names your own PostgreSQL, so {name} must name it too.")
