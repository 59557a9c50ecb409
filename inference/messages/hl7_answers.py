"""Frames of the minimal lower layer protocol, and the acknowledgements that answer messages. Pure."""

from __future__ import annotations

from datetime import datetime

START, END = b"\x0b", b"\x1c\x0d"
ACCEPTED, ERROR, REJECTED = "AA", "AE", "AR"
MOST_WORDS = 200


def framed(message: bytes) -> bytes:
    return START + message + END


def acknowledgement(message: bytes, *, code: str, words: str = "", now: datetime) -> bytes:
    """Return the answer to a message, whose header may be all that could be read of it."""
    fields = header_fields(message)
    trigger = fields[8].split("^")[1] if "^" in fields[8] else ""
    header = (
        f"MSH|^~\\&|{fields[4]}|{fields[5]}|{fields[2]}|{fields[3]}|{now:%Y%m%d%H%M%S%z}||ACK^{trigger}^ACK|"
        f"{now:%Y%m%d%H%M%S%f}|{fields[10] or 'P'}|{fields[11] or '2.5.1'}|||||||UNICODE UTF-8"
    )
    answer = f"MSA|{code}|{fields[9]}|{escaped(words)[:MOST_WORDS]}"
    problem = f"\rERR|||207^Application error^HL70357|{'E' if code == ERROR else 'F'}||||{escaped(words)}"
    return f"{header}\r{answer}{problem if code != ACCEPTED else ''}\r".encode()


def header_fields(message: bytes) -> list[str]:
    """Return the fields of the header by their numbers less one, as many as an answer needs."""
    line = message.lstrip().split(b"\r", 1)[0].split(b"\n", 1)[0].decode("utf-8", "replace")
    fields = line.split(line[3]) if line.startswith("MSH") and len(line) > 3 else []
    clean = ["".join(letter for letter in each if letter.isprintable())[:80] for each in fields]
    return clean + [""] * (20 - len(clean))


def escaped(text: str) -> str:
    for letter, name in (("\\", "E"), ("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        text = text.replace(letter, f"\\{name}\\") if letter != "\\" else text.replace("\\", "\\E\\")
    return text.replace("\r", " ").replace("\n", " ")
