"""Writes a bag, RFC 8493, straight into a zip: streamed, in a fixed order, the same bytes for the same content."""

import zipfile
from collections.abc import Iterable, Mapping
from hashlib import sha256, sha512
from pathlib import Path
from types import TracebackType
from typing import Self

from audit.packages.errors import FileTwiceError

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # what a zip can say; the time is in bag-info.txt
READABLE_FILE = 0o100644 << 16


class BagWriter:
    """A bag under construction. Payload names start with `data/`; `close` writes manifests and declaration."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", allowZip64=True)
        self._digests: dict[str, tuple[str, str]] = {}
        self._payload_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def add(self, name: str, chunks: Iterable[bytes], *, is_packed: bool = True) -> None:
        """Write one file from its chunks. Hashes do not compress: `is_packed=False` stores them as they are."""
        if name in self._digests:
            raise FileTwiceError(name)
        short, long, length = sha256(), sha512(), 0
        info = zipfile.ZipInfo(name, date_time=EARLIEST)
        info.compress_type = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
        info.external_attr, info.create_system = READABLE_FILE, 3
        with self._zip.open(info, "w", force_zip64=True) as file:
            for chunk in chunks:
                short.update(chunk)
                long.update(chunk)
                length += len(chunk)
                file.write(chunk)
        self._digests[name] = (short.hexdigest(), long.hexdigest())
        self._payload_bytes += length if name.startswith("data/") else 0

    def sha256_of_payload(self) -> Mapping[str, str]:
        """Return the SHA-256 of every payload file written so far, by name."""
        return {name: short for name, (short, _) in self._digests.items() if name.startswith("data/")}

    def close(self, *, info: Mapping[str, str]) -> None:
        """Write what makes it a bag. `info` goes into bag-info.txt."""
        payload = [name for name in self._digests if name.startswith("data/")]
        oxum = {"Payload-Oxum": f"{self._payload_bytes}.{len(payload)}"}
        self.add("bagit.txt", [DECLARATION])
        self.add(
            "bag-info.txt", ["".join(f"{name}: {value}\n" for name, value in (dict(info) | oxum).items()).encode()]
        )
        self._manifests("manifest", names=payload)
        self._manifests("tagmanifest", names=[name for name in self._digests if not name.startswith("data/")])
        self._zip.close()

    def _manifests(self, kind: str, *, names: Iterable[str]) -> None:
        lines = {name: self._digests[name] for name in sorted(names)}
        for at, algorithm in enumerate(("sha256", "sha512")):
            text = "".join(f"{digests[at]}  {escaped(name)}\n" for name, digests in lines.items())
            self.add(f"{kind}-{algorithm}.txt", [text.encode()])


def escaped(name: str) -> str:
    # RFC 8493, 2.1.3: line ends and the percent sign are percent-encoded.
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")
