"""The verifier of the browser against the one of Python: the same verdict and sentences, whole and attacked."""

import base64
import io
import json
import re
import struct
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from itertools import chain
from pathlib import Path

import pytest

from audit.log.models import Checkpoint
from audit.verification.__main__ import main
from tests.monitoring.evidence.conftest import Exported, export, fill_log
from tests.monitoring.evidence.test_attacks import LOG, appended, edited, with_manifests
from tests.monitoring.portal.browsing import CHROMIUM, browser_page

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")]


@pytest.fixture
def package(db, now, tmp_path) -> Exported:
    """A whole package, and a folder to attack it in."""
    fill_log(now)
    path = tmp_path / "package.zip"
    return Exported(path=path, keys=export(path, "--site", "north"), folder=tmp_path)


def in_python(path: Path, pins, kept=()) -> tuple[int, list[str]]:
    out = io.StringIO()
    arguments = ["--processes", "1", *(part for pin in pins for part in ("--key", pin))]
    arguments += [part for each in kept for part in ("--checkpoint", str(each))]
    with redirect_stdout(out), redirect_stderr(out):
        code = main([str(path), *arguments])
    return code, out.getvalue().splitlines()


def in_browser(page, path: Path, pins, kept=()) -> tuple[int, list[str]]:
    if not page.url.endswith("/portal/verify/"):
        page.goto("/portal/verify/")
    if page.input_value("#pins") != "\n".join(pins):
        page.fill("#pins", "\n".join(pins))
    if kept:
        page.set_input_files("#kept", [str(each) for each in kept])
    page.set_input_files("#package", str(path))
    page.wait_for_selector("#result[data-code]", timeout=60_000)
    found = page.locator("#result")
    return int(found.get_attribute("data-code")), json.loads(found.get_attribute("data-lines"))


CHECK = """async ([encoded, name, pins, kept = []]) => {
  const { checkPackage } = await import("/static/verify/checking.js");
  const { told, UnreadableError } = await import("/static/verify/findings.js");
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const file = new File([bytesOf(encoded)], name);
  try {
    const { code, lines } = told(await checkPackage(file, { pins, checkpoints: kept.map(bytesOf), step: () => {} }));
    return [code, lines];
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return [2, [`Unreadable: ${error.message}`]];
  }
}"""


def at_once(page, path: Path, pins) -> tuple[int, list[str]]:
    """Check in the page itself, without the worker's start: a third of the time."""
    encoded = base64.b64encode(path.read_bytes()).decode()
    code, lines = page.evaluate(CHECK, [encoded, path.name, pins])
    return code, lines


# Attacks: what somebody did to the file, who also made the manifests fit where that helps them.


def refitted(name, change):
    return lambda files: with_manifests(edited(name, change)(files))


def without(*names):
    return lambda files: {name: value for name, value in files.items() if name not in names}


def raised_in_a_document(data):
    twin = json.loads(data)
    for each in (each for block in twin["sets"] for each in block["estimates"]):
        if "value" in each:
            each["value"] += 0.01
    return json.dumps(twin).encode()


def report_in(files):
    return min(name for name in files if name.endswith(".html"))


def higher(metric):
    def changed(data):
        figures = json.loads(data)
        for each in (each for block in figures["sets"] for each in block["estimates"]):
            if each["metric"] == metric and "value" in each:
                each["value"] += 0.05
        return json.dumps(figures).encode()

    return changed


def said_otherwise(field, value):
    def changed(data):
        rows = [json.loads(line) for line in data.splitlines()]
        rows = [row | ({field: value} if row[field] is not None else {}) for row in rows]
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return changed


def all_excluded(data):
    figures = json.loads(data)
    for block in figures["sets"]:
        block["excluded"] = {"made up": 3}
    return json.dumps(figures).encode()


def another_leaf(data):
    return json.dumps(json.loads(data) | {"leaf": base64.b64encode(b"\1" * 32).decode()}).encode() + b"\n"


def flipped_signature(data):
    text, _, signed = data.decode().rpartition(" ")
    raw = bytearray(base64.b64decode(signed))
    raw[20] ^= 1
    return f"{text} {base64.b64encode(raw).decode()}\n".encode()


def first_twice(data):
    return data.replace(b"{", b'{"0":[[0,0]],', 1)


def without_last_line(data):
    return data[: data[:-2].rindex(b"\r\n") + 2]


FACTS = "data/facts/"
ATTACKS = {
    "a file edited": edited("data/registry.json", lambda data: data + b" "),
    "a file added": lambda files: files | {"data/extra.txt": b"x"},
    "a file removed": without("data/scope.json"),
    "a file renamed": lambda files: without("data/scope.json")(files) | {"data/x.json": files["data/scope.json"]},
    "the verifier replaced": edited("verify.py", lambda data: b"print('all is well')\n"),
    "the report edited, refitted": lambda files: refitted(report_in(files), lambda d: d.replace(b"0.", b"9."))(files),
    "a sensitivity raised, refitted": refitted("data/figures.json", higher("sensitivity")),
    "an area raised, refitted": refitted("data/figures.json", higher("auc")),
    "exclusions made up, refitted": refitted("data/figures.json", all_excluded),
    "every decision positive, refitted": refitted("data/cases.ndjson", said_otherwise("decision", "positive")),
    "every score alike, refitted": refitted("data/cases.ndjson", said_otherwise("score", 0.5)),
    "every truth negative, refitted": refitted("data/cases.ndjson", said_otherwise("truth", "negative")),
    "cases moved elsewhere, refitted": refitted("data/cases.ndjson", said_otherwise("position", 3)),
    "an entry changed, refitted": refitted(LOG + "entries.ndjson", lambda d: d.replace(b'e":0.', b'e":1.', 1)),
    "an entry left out, refitted": refitted(LOG + "entries.ndjson", lambda d: d[: d[:-1].rindex(b"\n") + 1]),
    "an entry too many, refitted": refitted(LOG + "entries.ndjson", lambda d: d + b"{}\n"),
    "a position changed, refitted": refitted(LOG + "positions.txt", lambda d: d[:-3] + b"9999\n"),
    "positions that fall, refitted": refitted(LOG + "positions.txt", lambda d: b"7\n" + d),
    "a position that is none, refitted": refitted(LOG + "positions.txt", lambda d: b"x\n" + d),
    "a tile changed, refitted": refitted(LOG + "tiles/0.bin", lambda d: b"\1" * 32 + d[32:]),
    "a tile cut, refitted": refitted(LOG + "tiles/0.bin", lambda d: d[:-5]),
    "a key twice in one object, refitted": refitted(LOG + "tiles.json", first_twice),
    "no JSON, refitted": refitted(LOG + "tiles.json", lambda d: b"["),
    "the checkpoint edited, refitted": refitted(LOG + "checkpoint", lambda d: d.replace(b"\n", b"\n1", 1)),
    "the signature flipped, refitted": refitted(LOG + "checkpoint", flipped_signature),
    "the signature gone, refitted": refitted(LOG + "checkpoint", lambda d: d.split(b"\n\n")[0] + b"\n"),
    "the key of nobody, refitted": refitted(LOG + "key", lambda d: d.replace(b"+", b"+0", 1)),
    "the key gone, refitted": lambda files: with_manifests(without(LOG + "key")(files)),
    "a withheld entry with another leaf, refitted": refitted(LOG + "withheld.ndjson", another_leaf),
    "an algorithm downgraded": lambda files: without("manifest-sha512.txt")(files) | {"manifest-md5.txt": b""},
    "a fetch.txt": lambda files: files | {"fetch.txt": b"http://x 1 data/x"},
    "a manifest with nonsense": edited("manifest-sha256.txt", lambda d: b"nonsense\n" + d),
    "another declaration": edited("bagit.txt", lambda d: d.replace(b"1.0", b"0.97")),
    "a count that is wrong": edited("bag-info.txt", lambda d: d.replace(b"Oxum: ", b"Oxum: 1")),
    "no bag-info": without("bag-info.txt"),
    "no log": lambda files: {name: value for name, value in files.items() if not name.startswith("data/logs/")},
    "no bag": without("bagit.txt"),
    "no figures, refitted": lambda files: with_manifests(without("data/figures.json")(files)),
    "figures that are none, refitted": refitted("data/figures.json", lambda d: b"{}"),
    "a fact changed in its table, refitted": refitted(FACTS + "inference.csv", lambda d: d.replace(b",ok", b",no", 1)),
    "a fact left out of its table, refitted": refitted(FACTS + "truth.csv", without_last_line),
    "a fact too many in its table, refitted": refitted(FACTS + "read.csv", lambda d: d + b"x\r\n"),
    "a table without a header, refitted": refitted(FACTS + "read.csv", lambda d: b""),
    "a column renamed, refitted": refitted(FACTS + "inference.csv", lambda d: d.replace(b"status", b"statut", 1)),
    "a case changed in CSV, refitted": refitted("data/cases.csv", lambda d: d.replace(b"negative", b"positive", 1)),
    "a case left out of CSV, refitted": refitted("data/cases.csv", without_last_line),
    "a case left out of NDJSON, refitted": refitted("data/cases.ndjson", lambda d: d[d.index(b"\n") + 1 :]),
    "a case not in canonical form, refitted": refitted("data/cases.ndjson", lambda d: d.replace(b":", b": ", 1)),
    "a document's figure raised, refitted": refitted("data/documents/report.json", raised_in_a_document),
    "a manifest that names a device": edited("manifest-sha256.txt", lambda d: d + b"0" * 64 + b"  data/nul.txt\n"),
    "a signature made up, refitted": refitted("data/signatures.json", lambda d: b'[{"subject": "signal/1"}]'),
}  # fmt: skip
NAMES = {
    "a name that leads out": ("../outside.txt", 0o100644),
    "a link": ("data/link", 0o120777),
    "a name twice": ("data/scope.json", 0o100644),
    "a name that no Windows has": ("data/a*b", 0o100644),
    "letters of another form": ("data/\uff53cope.json", 0o100644),
    "a sharp s": ("data/STRA\u00dfE", 0o100644),
}


def raw_attacks(package):
    """Attacks on the bytes of the zip itself: the name of each, and the file."""
    whole = package.path.read_bytes()
    with zipfile.ZipFile(package.path) as archive:
        tiles, figures = archive.getinfo(LOG + "tiles/0.bin"), archive.getinfo("data/figures.json")
    inside = tiles.header_offset + 30 + len(tiles.filename) + 60
    packed = figures.header_offset + 30 + len(figures.filename) + 60
    directory = whole.rfind(b"data/figures.json") - 46
    yield "cut off at the end", whole[:-30]
    yield "a byte of a stored file flipped", whole[:inside] + bytes([whole[inside] ^ 1]) + whole[inside + 1 :]
    yield "a byte of a packed file flipped", whole[:packed] + bytes([whole[packed] ^ 1]) + whole[packed + 1 :]
    yield "a local name that differs", whole.replace(b"data/figures.json", b"data/figurez.json", 1)
    yield "a local header gone", whole.replace(b"PK\x03\x04", b"PK\x03\x05", 1)
    yield "a size that is larger", whole[: directory + 24] + struct.pack("<I", 99_999) + whole[directory + 28 :]
    yield "a file marked as encrypted", whole[: directory + 8] + b"\1\0" + whole[directory + 10 :]
    yield "bytes before it", b"#!/bin/sh\n" + whole
    yield "a comment after it", whole[:-2] + struct.pack("<H", 5) + b"hello"


def bomb(package):
    path = package.folder / "bomb.zip"
    path.write_bytes(package.path.read_bytes())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("data/bomb", "w") as file:
        for _ in range(80):
            file.write(bytes(1 << 20))
    return path


def in_a_folder(package):
    path = package.folder / "folder.zip"
    with zipfile.ZipFile(package.path) as archive, zipfile.ZipFile(path, "w") as moved:
        for name in archive.namelist():
            moved.writestr(f"unpacked/{name}", archive.read(name))
    return path


def attacked(package):
    """Yield every attack with a file of its own: a browser holds on to the one it was given."""
    for number, (name, path) in enumerate(made(package)):
        yield name, path.rename(path.with_name(f"{number}.zip"))


def made(package):
    for name, change in ATTACKS.items():
        yield name, package.changed(change)
    for name, (inner, mode) in NAMES.items():
        yield name, appended(package, inner, b"x", mode=mode)
    for name, data in raw_attacks(package):
        path = package.folder / "raw.zip"
        path.write_bytes(data)
        yield name, path
    yield "a bomb", bomb(package)
    yield "a folder within", in_a_folder(package)


HARMLESS = {"whole", "a folder within"}

# What Python's zip and JSON libraries say of broken bytes is theirs; the sentence around it is the same.
THEIRS = re.compile(
    r"(cannot be read|cannot stand in a log|is no canonical JSON|does not hold|no whole zip file|malformed"
    r"|lists \d+ files): .*|lists \d+ files in .*"
)


def without_reasons(lines):
    return [THEIRS.sub(r"\1", line) for line in lines]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_browser_gives_the_verdict_and_the_sentences_of_python(client, package, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    pins, differ, codes = list(package.keys.values()), {}, {}
    with browser_page(client) as page:
        page.goto("/portal/verify/")
        for name, path in chain([("whole", package.path)], attacked(package)):
            theirs, ours = in_python(path, pins), at_once(page, path, pins)
            codes[name] = theirs[0]
            if theirs[0] != ours[0] or without_reasons(theirs[1]) != without_reasons(ours[1]):
                differ[name] = (theirs, ours)
        assert page.complaints == []
    assert differ == {}
    assert {name for name, code in codes.items() if code == 0} == HARMLESS
    assert len(codes) >= 65


def test_the_page_shows_what_its_worker_found_and_sends_nothing(client, package, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    pins = list(package.keys.values())
    broken = package.changed(edited("data/registry.json", lambda data: data + b" "))
    with browser_page(client) as page:
        page.goto("/portal/verify/")
        page.wait_for_load_state("networkidle")
        loaded = len(page.asked)
        assert in_browser(page, package.path, pins) == (0, ["Every file, entry and figure holds."])
        assert len(page.asked) == loaded, "once it is loaded, the page needs no network"
        assert page.inner_text("#verdict") == "Intact"
        code, lines = in_browser(page, broken, pins)
        assert (code, page.inner_text("#verdict")) == (1, "Not intact")
        assert "data/registry.json was changed" in page.inner_text("#problems")
        assert (code, lines) == in_python(broken, pins)
        assert {method for method, _ in page.asked} == {"GET"}
        assert all(path.startswith(("/static/", "/portal/verify/")) for _, path in page.asked)
        assert page.complaints == []


def test_without_the_fingerprint_the_key_is_not_pinned(client, package, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with browser_page(client) as page:
        for pins in ([], ["0" * 64]):
            code, lines = in_browser(page, package.path, pins)
            assert (code, lines) == in_python(package.path, pins)
            assert (code, lines[-1]) == (1, "key not pinned")
            assert page.inner_text("#verdict") == "Holds, but the key is not pinned"


def test_a_checkpoint_that_was_kept_is_held_against_the_package(client, package, monkeypatch):
    """An earlier one of the log, one of another log, and one that the log's key never signed."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    pins = list(package.keys.values())
    with zipfile.ZipFile(package.path) as archive:
        newest = archive.read(LOG + "checkpoint")
    notes = [each.note.encode() for each in Checkpoint.objects.order_by("organisation", "size")]
    kept = [*notes, newest, flipped_signature(newest), b"no note", newest.replace(b"\n", b"\n9", 1)]
    with browser_page(client) as page:
        for number, note in enumerate(kept):
            path = package.folder / f"kept-{number}.txt"
            path.write_bytes(note)
            theirs, ours = in_python(package.path, pins, [path]), in_browser(page, package.path, pins, [path])
            assert (theirs[0], without_reasons(theirs[1])) == (ours[0], without_reasons(ours[1]))
