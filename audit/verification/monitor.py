"""Watches a log from outside: `python -m audit.verification.monitor URL --key KEY --memory FILE`.

Remembers the last checkpoint it saw, and refuses a log that forked, was rolled
back, or shows another root for the same size. Standard library alone, so it
runs wherever Python does: on a regulator's desk, from cron, over a file share.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from audit.proofs.merkle import verify_consistency
from audit.proofs.notes import Checkpoint, NoteError, PublicKey, open_checkpoint, parse_public_key
from audit.proofs.tiles import TiledTree, TileError, TileName, consistency_from_tiles, tile_width

CONSISTENT, NOT_CONSISTENT, UNREADABLE = 0, 1, 2
SECONDS = 30
LARGEST_ANSWER = 1_000_000

Fetch = Callable[[str], bytes]


class MisbehaviourError(Exception):
    """The log contradicts what it said before; the message is evidence in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A checkpoint as it was signed, and what it says."""

    note: bytes
    checkpoint: Checkpoint


def look(fetch: Fetch, *, keys: Sequence[PublicKey], before: bytes | None) -> Seen:
    """Return the log's checkpoint after holding it to the one remembered.

    Raises:
        MisbehaviourError: it is of another log, smaller, of another root, or not an extension.
        NoteError: it is no checkpoint, or not signed by the log.
        OSError: it cannot be fetched.
    """
    seen = open_seen(fetch("checkpoint"), keys=keys)
    if before is not None:
        compare(open_seen(before, keys=keys).checkpoint, seen.checkpoint, fetch=fetch)
    return seen


def open_seen(note: bytes, *, keys: Sequence[PublicKey]) -> Seen:
    return Seen(note=note, checkpoint=open_checkpoint(note, keys=keys))


def compare(old: Checkpoint, new: Checkpoint, *, fetch: Fetch) -> None:
    if new.origin != old.origin:
        raise MisbehaviourError(f"This is the log {new.origin}; {old.origin} was remembered.")
    if new.size < old.size:
        raise MisbehaviourError(f"Rolled back: the log had {old.size} entries and now has {new.size}.")
    if new.size == old.size and new.root != old.root:
        raise MisbehaviourError(f"Forked: two roots were signed for {new.size} entries.")
    if new.size == old.size or old.size == 0:
        return
    tree = TiledTree(size=new.size, read_tile=lambda level, index: read_tile(level, index, size=new.size, fetch=fetch))
    try:
        proof, root = consistency_from_tiles(tree, old_size=old.size), tree.root()
    except TileError as error:
        raise MisbehaviourError(f"The log's tiles do not make up its {new.size} entries: {error}.") from error
    if root != new.root:
        raise MisbehaviourError(f"The log's tiles make another root than it signed for {new.size} entries.")
    if not verify_consistency(old.size, new.size, old.root, new.root, proof):
        raise MisbehaviourError(f"Forked: {new.size} entries do not begin with the {old.size} that were signed before.")


def read_tile(level: int, index: int, *, size: int, fetch: Fetch) -> bytes:
    name = TileName(level=level, index=index, width=tile_width(level=level, index=index, size=size))
    return fetch(name.path)


def fetcher(url: str) -> Fetch:
    """Return what reads below an address: http, https, or a folder that holds the same files."""
    base = url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        return lambda path: (Path(base) / path).read_bytes()

    def fetch(path: str) -> bytes:
        with urlopen(Request(f"{base}/{path}"), timeout=SECONDS) as answer:  # noqa: S310 - the scheme was looked at
            data: bytes = answer.read(LARGEST_ANSWER)
            return data

    return fetch


def remember(path: Path, note: bytes) -> None:
    """Put the checkpoint where it is found next time, whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m audit.verification.monitor", description=__doc__)
    parser.add_argument("url", help="the log's address, or a folder with the same files")
    parser.add_argument("--key", action="append", required=True, help="a public key as name+id+base64")
    parser.add_argument("--memory", type=Path, required=True, help="where the last checkpoint is remembered")
    chosen = parser.parse_args(arguments)
    try:
        keys = [parse_public_key(each) for each in chosen.key]
        before = chosen.memory.read_bytes() if chosen.memory.exists() else None
        seen = look(fetcher(chosen.url), keys=keys, before=before)
        remember(chosen.memory, seen.note)
    except MisbehaviourError as error:
        print(error)
        return NOT_CONSISTENT
    except (NoteError, URLError, OSError, ValueError) as error:
        print(f"The log cannot be checked: {error}.", file=sys.stderr)
        return UNREADABLE
    first = "first seen" if before is None else "extends what was remembered"
    print(f"{seen.checkpoint.origin}: {seen.checkpoint.size} entries, {first}.")
    return CONSISTENT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
