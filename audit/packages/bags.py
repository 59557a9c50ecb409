"""Writes a bag, RFC 8493, straight into a zip: streamed, in a fixed order, the same bytes for the same content."""

import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256, sha512
from io import RawIOBase
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from audit.packages.errors import FileTwiceError

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # what a zip can say; the time is in bag-info.txt
READABLE_FILE = 0o100644 << 16
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file that stands in the bag."""

    sha256: str
    sha512: str
    size: int
    about: str


class Hashing(RawIOBase):
    """A file under way: what is written goes on to the zip, and into both hashes."""

    def __init__(self, target: IO[bytes]) -> None:
        super().__init__()
        self._target, self.size = target, 0
        self.short, self.long = sha256(), sha512()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.short.update(data)
        self.long.update(data)
        self._target.write(data)
        count = memoryview(data).nbytes
        self.size += count
        return count

    def written(self, *, about: str) -> Written:
        return Written(sha256=self.short.hexdigest(), sha512=self.long.hexdigest(), size=self.size, about=about)


class BagWriter:
    """A bag under construction. Payload names start with `data/`; `close` writes manifests and declaration."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._zip = zipfile.ZipFile(path, "w", allowZip64=True)
        self._files: dict[str, Written] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def add(self, name: str, chunks: Iterable[bytes], *, is_packed: bool = True, about: str = "") -> None:
        """Write one file from its chunks. Hashes do not compress: `is_packed=False` stores them as they are."""
        with self.open(name, is_packed=is_packed, about=about) as file:
            for chunk in chunks:
                file.write(chunk)

    @contextmanager
    def open(self, name: str, *, is_packed: bool = True, about: str = "") -> Iterator[Hashing]:
        """Open one file for writing; one at a time."""
        if name in self._files:
            raise FileTwiceError(name)
        info = zipfile.ZipInfo(name, date_time=EARLIEST)
        info.compress_type = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
        info.external_attr, info.create_system = READABLE_FILE, 3
        with self._zip.open(info, "w", force_zip64=True) as target:
            file = Hashing(target)
            yield file
        self._files[name] = file.written(about=about)

    @contextmanager
    def aside(self, name: str, *, is_packed: bool = True, about: str = "") -> Iterator[IO[bytes]]:
        """Open a file beside the zip that goes into it when it is closed, so that several may be open at once."""
        with tempfile.TemporaryFile(dir=self._folder) as file:
            yield file
            file.seek(0)
            self.add(name, iter(lambda: file.read(BLOCK), b""), is_packed=is_packed, about=about)

    @property
    def files(self) -> Mapping[str, Written]:
        """What was written so far, by name, in order."""
        return self._files

    def sha256_of_payload(self) -> Mapping[str, str]:
        """Return the SHA-256 of every payload file written so far, by name."""
        return {name: file.sha256 for name, file in self._files.items() if name.startswith("data/")}

    def close(self, *, info: Mapping[str, str]) -> None:
        """Write what makes it a bag. `info` goes into bag-info.txt."""
        payload = [name for name in self._files if name.startswith("data/")]
        oxum = {"Payload-Oxum": f"{sum(self._files[name].size for name in payload)}.{len(payload)}"}
        self.add("bagit.txt", [DECLARATION])
        self.add("bag-info.txt", [bag_info(dict(info) | oxum)])
        self._manifests("manifest", names=payload)
        self._manifests("tagmanifest", names=[name for name in self._files if not name.startswith("data/")])
        self._zip.close()

    def _manifests(self, kind: str, *, names: Iterable[str]) -> None:
        lines = {name: self._files[name] for name in sorted(names)}
        for algorithm in ("sha256", "sha512"):
            text = "".join(f"{getattr(file, algorithm)}  {escaped(name)}\n" for name, file in lines.items())
            self.add(f"{kind}-{algorithm}.txt", [text.encode()])


def bag_info(values: Mapping[str, str]) -> bytes:
    # RFC 8493, 2.2.2: a value stands on one line; what has several would begin a field of its own.
    return "".join(f"{name}: {' '.join(value.split())}\n" for name, value in values.items()).encode()


def escaped(name: str) -> str:
    # RFC 8493, 2.1.3: line ends and the percent sign are percent-encoded.
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")
