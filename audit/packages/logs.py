"""Writes one log into a package: key, checkpoint, the exported entries, and the tiles that prove them."""

import base64
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from tempfile import SpooledTemporaryFile

from audit.packages.bags import BLOCK, BagWriter
from audit.packages.errors import NothingSignedError, WrongSizeError
from audit.packages.history import History, write_history
from audit.proofs.canonical import canonical_json
from audit.proofs.notes import PublicKey
from audit.proofs.tiles import WIDTH

SPOOLED_FROM = 8 * 1024 * 1024
WHOLE_UP_TO = 1 << 18  # logs up to this size travel with all their tiles, so that any older checkpoint can be compared

ReadTile = Callable[[int, int], bytes]
Redact = Callable[[bytes], Mapping[str, object] | None]


Payloads = Callable[[Sequence[int]], Iterable[tuple[int, Mapping[str, object]]]]
LARGE = b'"payload":{"payload_sha256":'


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """What of one log goes into a package. `positions` rise; `sizes` are those of checkpoints kept elsewhere.

    `positions` hold those of the history. `payloads` finds what was too large for the entries at some positions.
    """

    organisation: str
    key: PublicKey
    note: str
    size: int
    positions: Sequence[int]
    sizes: Sequence[int] = ()
    history: History | None = None
    payloads: Payloads | None = None


def write_log(
    bag: BagWriter, part: LogPart, *, read_tile: ReadTile, bodies: Callable[[], Iterable[bytes]], redact: Redact
) -> None:
    """Write a log's folder. `bodies` gives the entries in the order of the positions, each time it is called.

    An entry for which `redact` gives another text is shown by that, and proved by its leaf alone.

    Raises:
        NothingSignedError, WrongSizeError: the checkpoint does not cover the positions.
    """
    if not part.note:
        raise NothingSignedError(part.organisation)
    if part.positions and part.positions[-1] >= part.size:
        raise WrongSizeError(part.organisation, position=part.positions[-1], size=part.size)
    folder = f"data/logs/{part.organisation}"
    bag.add(f"{folder}/key", [f"{part.key.text}\n".encode()])
    bag.add(f"{folder}/checkpoint", [part.note.encode()])
    if part.history is not None:
        write_history(bag, part.history, folder=folder)
    write_entries(bag, part, folder=folder, read_tile=read_tile, bodies=bodies, redact=redact)
    write_tiles(bag, part, folder=folder, read_tile=read_tile)


def write_entries(
    bag: BagWriter,
    part: LogPart,
    *,
    folder: str,
    read_tile: ReadTile,
    bodies: Callable[[], Iterable[bytes]],
    redact: Redact,
) -> None:
    whole: array[int] = array("Q")
    large: array[int] = array("Q")
    with SpooledTemporaryFile(max_size=SPOOLED_FROM) as hidden:

        def lines() -> Iterator[bytes]:
            for position, body in zip(part.positions, bodies(), strict=True):
                shown = redact(body)
                if LARGE in body:
                    large.append(position)
                if shown is None:
                    whole.append(position)
                    yield body + b"\n"
                else:
                    hidden.write(withheld_line(position, shown, read_tile=read_tile))

        bag.add(f"{folder}/entries.ndjson", lines())
        bag.add(f"{folder}/positions.txt", (f"{position}\n".encode() for position in whole))
        if hidden.tell():
            hidden.seek(0)
            bag.add(f"{folder}/withheld.ndjson", iter(lambda: hidden.read(BLOCK), b""))
    if large and part.payloads is not None:
        bag.add(f"{folder}/payloads.ndjson", payload_lines(part.payloads(large), redact=redact))


def payload_lines(payloads: Iterable[tuple[int, Mapping[str, object]]], *, redact: Redact) -> Iterator[bytes]:
    """Yield what was too large for its entry; what may not leave in full is left out."""
    for position, payload in payloads:
        if redact(canonical_json(payload)) is None:
            yield canonical_json({"payload": payload, "position": position}) + b"\n"


def withheld_line(position: int, shown: Mapping[str, object], *, read_tile: ReadTile) -> bytes:
    tile = read_tile(0, position // WIDTH)
    leaf = tile[position % WIDTH * 32 : position % WIDTH * 32 + 32]
    return canonical_json({"position": position, "leaf": base64.b64encode(leaf).decode(), "entry": shown}) + b"\n"


def write_tiles(bag: BagWriter, part: LogPart, *, folder: str, read_tile: ReadTile) -> None:
    """Write the tiles of the upper levels all, of the lowest those that are needed, each level one file."""
    held: dict[str, list[list[int]]] = {}
    level, count = 0, part.size
    while count:
        indexes = lowest_tiles(part) if level == 0 else list(range(-(-count // WIDTH)))
        held[str(level)] = ranges(indexes)
        chunks = tile_chunks(level, indexes=indexes, count=count, read_tile=read_tile)
        bag.add(f"{folder}/tiles/{level}.bin", chunks, is_packed=False)
        level, count = level + 1, count // WIDTH
    bag.add(f"{folder}/tiles.json", [json.dumps(held, sort_keys=True, separators=(",", ":")).encode()])


def tile_chunks(level: int, *, indexes: Iterable[int], count: int, read_tile: ReadTile) -> Iterator[bytes]:
    for index in indexes:
        width = min(WIDTH, count - index * WIDTH)
        yield read_tile(level, index)[: width * 32]


def lowest_tiles(part: LogPart) -> list[int]:
    if part.size <= WHOLE_UP_TO:
        return list(range(-(-part.size // WIDTH)))
    sizes = (*part.sizes, *(part.history.sizes if part.history else ()), part.size)
    edges = {size // WIDTH for size in sizes if size % WIDTH}
    return sorted({position // WIDTH for position in part.positions} | edges)


def ranges(indexes: Sequence[int]) -> list[list[int]]:
    """Return rising numbers as [first, last] of each run."""
    if not indexes:
        return []
    breaks = [(a, b) for a, b in pairwise(indexes) if b != a + 1]
    firsts = [indexes[0], *[b for _, b in breaks]]
    lasts = [*[a for a, _ in breaks], indexes[-1]]
    return [[first, last] for first, last in zip(firsts, lasts, strict=True)]
