"""Receipts that wait on disk until their reader is ready, sealed: they name rows by the uids of their sender.

The key exists in this process alone and ends with the answer.
"""

import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

NONCE_BYTES, LENGTH_BYTES = 12, 4


class Spool:
    """Blocks of bytes, kept in a file without a name and given back in order."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by this object's own end)
        self._cipher = ChaCha20Poly1305(ChaCha20Poly1305.generate_key())
        self._kept = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def keep(self, block: bytes) -> None:
        sealed = self._cipher.encrypt(self._nonce(self._kept), block, None)
        self._file.write(len(sealed).to_bytes(LENGTH_BYTES) + sealed)
        self._kept += 1

    def blocks(self) -> Iterator[bytes]:
        self._file.seek(0)
        for place in range(self._kept):
            length = int.from_bytes(self._file.read(LENGTH_BYTES))
            yield self._cipher.decrypt(self._nonce(place), self._file.read(length), None)

    def _nonce(self, place: int) -> bytes:
        return place.to_bytes(NONCE_BYTES)
