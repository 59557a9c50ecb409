"""Attacks on a finished package, each done for real, by somebody who also makes the manifests fit; each is named."""

import base64
import json
import os
import shutil
import struct
import tracemalloc
import zipfile
from hashlib import sha256
from zlib import crc32

import pytest

from audit.packages.bags import BagWriter
from audit.packages.logs import LogPart, write_log
from audit.proofs.canonical import canonical_json
from audit.proofs.merkle import inclusion_proof, leaf_hash, root, verify_inclusion
from audit.proofs.notes import Checkpoint, sign_note
from audit.proofs.tiles import WIDTH, grow
from audit.verification import opening
from audit.verification.checking import check_package
from audit.verification.findings import UnreadableError
from audit.verification.opening import what_is_wrong
from tests.audit.verification.packaging import (
    KeyPair,
    MadeLog,
    content_files,
    files_in,
    nothing_withheld,
    packed,
    refitted,
    scored_log,
    write_package,
)

LOG = "data/logs/north-group/"
CONTENT = "The content is not what the log of north-group signed"


def edit(name, change):
    return lambda files: files | {name: change(files[name])}


def without(name):
    return lambda files: {each: data for each, data in files.items() if each != name}


def lines_of(change):
    return lambda data: b"".join(line + b"\n" for line in change(data.splitlines()))


# 1. Files.


@pytest.mark.parametrize("is_refitted", [False, True])
def test_an_edited_file_is_named(small, is_refitted):
    said = small.said_after(edit("data/figures.json", lambda data: data + b" "), is_refitted=is_refitted)
    assert CONTENT in said
    assert is_refitted or "data/figures.json was changed" in said


def test_an_added_file_is_not_what_was_signed(small):
    assert CONTENT in small.said_after(lambda files: files | {"data/more.txt": b"x"})
    assert "data/more.txt was added" in small.said_after(
        lambda files: files | {"data/more.txt": b"x"}, is_refitted=False
    )


def test_a_removed_file_is_not_what_was_signed(small):
    assert CONTENT in small.said_after(without("data/signatures.json"))


def test_a_renamed_file_is_not_what_was_signed(small):
    def renamed(files):
        return without("data/signatures.json")(files) | {"data/signed.json": files["data/signatures.json"]}

    assert CONTENT in small.said_after(renamed)


def test_files_that_changed_places_are_not_what_was_signed(small):
    first, second = "data/facts/truth.csv", "data/facts/inference.csv"
    swapped = small.said_after(lambda files: files | {first: files[second], second: files[first]})
    assert CONTENT in swapped


def test_the_verifier_replaced_inside_is_named_by_the_one_outside(small):
    said = small.said_after(
        edit("verify.py", lambda data: b"print('Every file, entry and figure holds.')"), is_refitted=False
    )
    assert "verify.py was changed" in said


# 2. The zip.


def appended(small, *names, data=b"x", mode=0o100644):
    path = small.folder / "appended.zip"
    shutil.copyfile(small.path, path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, data)
    return path


OUTSIDE = ["../x", "data/../../x", "/etc/x", "~root/x", "C:/x", "data\\..\\x", "data//x", "data/./x"]
ELSEWHERE = ["data/CON", "data/nul.txt", "data/com1.json", "data/x.", "data/x ", "data/a:b", "data/a?b", "data/\x1bx"]


@pytest.mark.parametrize("name", [*OUTSIDE, *ELSEWHERE])
def test_a_name_that_means_another_place_is_named_and_never_written(small, name):
    before = {each.name for each in small.folder.iterdir()}
    assert f"The zip holds {name!r}, which" in small.said(appended(small, name))
    assert {each.name for each in small.folder.iterdir()} - before == {"appended.zip"}


@pytest.mark.parametrize("name", ["../x", "/etc/x", "~x", "data/nul"])
def test_a_manifest_that_names_another_place_is_named(small, name):
    line = f"{'0' * 64}  {name}\n".encode()
    assert f"of manifest-sha256.txt names {name!r}" in small.said_after(
        edit("manifest-sha256.txt", lambda data: data + line), is_refitted=False
    )


@pytest.mark.parametrize(
    "name", ["data/Figures.json", "DATA/figures.json", "data/\ufb01gures.json", "data/\uff46igures.json"]
)
def test_a_twin_on_a_system_that_folds_names_is_named(small, name):
    assert "differ only in their letters" in small.said(appended(small, name))


def test_composed_and_decomposed_letters_are_twins(small):
    assert "differ only in their letters" in small.said(appended(small, "data/\u00e9.txt", "data/e\u0301.txt"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_stands_twice_is_named(small):
    assert "'data/figures.json' stands twice" in small.said(appended(small, "data/figures.json"))


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o010644])
def test_a_link_or_device_is_named(small, mode):
    assert "as a link or device" in small.said(appended(small, "data/x", data=b"/etc/passwd", mode=mode))


def test_a_file_whose_header_says_another_name_is_named(small):
    data = small.path.read_bytes().replace(b"PK\x03\x04", b"PK\x03\x04")
    at = data.index(b"data/signatures.json")  # the first is that of the file itself, the directory comes later
    path = small.folder / "headers.zip"
    path.write_bytes(data[:at] + b"data/signaturez.json" + data[at + 20 :])
    assert "data/signatures.json cannot be read" in small.said(path)


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_second_package_in_the_same_file_is_refused(small, place):
    path, other = small.folder / "two.zip", packed({"x": b"y"}, small.folder / "other.zip").read_bytes()
    whole = small.path.read_bytes()
    path.write_bytes(other + whole if place == "before" else whole + b"\0" * 30)
    with pytest.raises(UnreadableError, match="before or after its zip"):
        small.check(path)


@pytest.mark.parametrize("share", [0, 0.2, 0.7, 0.999])
def test_a_truncated_package_is_unreadable(small, share):
    path = small.folder / "cut.zip"
    path.write_bytes(small.path.read_bytes()[: int(small.path.stat().st_size * share)])
    with pytest.raises(UnreadableError):
        small.check(path)


def test_a_bomb_of_four_gigabytes_is_named_in_bounded_memory(small):
    path = small.folder / "bomb.zip"
    shutil.copyfile(small.path, path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(zipfile.ZipInfo("data/bomb"), "w", force_zip64=True) as file:
            file.write(bytes(1 << 20))
        # Say of a megabyte that it is four gigabytes, as whoever makes a bomb by hand does.
        archive.infolist()[-1].file_size = 4 << 30
    tracemalloc.start()
    said = small.said(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "a zip bomb" in said or "cannot be read" in said
    assert peak < 60_000_000


def test_a_file_that_unpacks_to_more_than_it_says_gives_no_more(small):
    path = appended(small, "data/more", data=bytes(3_000_000))
    data = path.read_bytes()
    at = data.rindex(b"PK\x01\x02")
    path.write_bytes(data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :])
    assert "data/more" in small.said(path)


def test_overlapping_files_are_refused(small):
    data = bytearray(small.path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 20 : at + 24] = struct.pack("<I", len(data) * 2)
    path = small.folder / "overlap.zip"
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match="overlap"):
        small.check(path)


def test_ten_million_files_are_refused_before_they_are_listed(small):
    data = bytearray(small.path.read_bytes())
    at = data.rfind(b"PK\x05\x06")
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**7, 10**7, 5 * 10**8, 0)
    path = small.folder / "many.zip"
    path.write_bytes(data[:at] + wide + struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1) + data[at:])
    with pytest.raises(UnreadableError, match="lists 10000000 files"):
        small.check(path)


def test_a_folder_with_too_many_files_ends_early(small, monkeypatch):
    monkeypatch.setattr(opening, "MOST_FILES", 50)
    folder = unpacked(small)
    for number in range(60):
        (folder / "data" / f"{number}").touch()
    with pytest.raises(UnreadableError, match="more than 50 files"):
        small.check(folder)


def unpacked(small):
    folder = small.folder / "unpacked"
    with zipfile.ZipFile(small.path) as archive:
        archive.extractall(folder)
    return folder


def test_a_folder_is_checked_like_its_zip_and_a_link_inside_is_named(small):
    folder = unpacked(small)
    assert small.said(folder) == ""
    (folder / "data" / "link").symlink_to("/etc/passwd")
    (folder / "data" / "pipe").symlink_to(folder)
    os.mkfifo(folder / "data" / "fifo")
    said = small.said(folder)
    assert all(f"'data/{name}' as a link or device" in said for name in ("link", "pipe", "fifo"))


def test_no_name_hides_a_file_in_a_folder(small):
    folder = unpacked(small)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "verify.cpython-311.pyc").write_bytes(b"x")
    assert small.said(folder) == ""
    (folder / "data" / "__pycache__").mkdir()
    for name in ("report__pycache__.pdf", "__pycache__/report.pdf"):
        (folder / "data" / name).write_bytes(b"%PDF-1.7")
    assert small.said(folder).count("was added") == 4


def test_a_file_with_a_second_name_beside_its_own_is_named(small):
    other = b"data/figures.json"
    said = struct.pack("<BI", 1, crc32(b"data/other.json")) + other
    path = small.folder / "named.zip"
    path.write_bytes(small.path.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("data/other.json")
        info.extra = struct.pack("<HH", 0x7075, len(said)) + said
        archive.writestr(info, b"{}")
    assert "'data/other.json' under a second name" in small.said(path)


def test_ordinary_names_are_taken():
    assert not any(map(what_is_wrong, ["data/a b.txt", "data/ä.json", "data/.hidden", "data/console.txt", "verify.py"]))


# 3. Algorithms.


def test_a_manifest_of_a_weaker_algorithm_alone_is_refused(small):
    def downgraded(files):
        kept = {name: data for name, data in files.items() if "manifest-" not in name}
        return kept | {"manifest-md5.txt": b"d41d8cd98f00b204e9800998ecf8427e  data/x\n"}

    said = small.said_after(downgraded, is_refitted=False)
    assert "manifest-sha256.txt is missing" in said
    assert "manifest-sha512.txt is missing" in said
    assert "manifest-md5.txt, a manifest of another algorithm" in said


@pytest.mark.parametrize("kind", [b"\x02", b"\x04", b"\x06"])
def test_a_key_of_another_type_is_refused(small, kind):
    def typed(data):
        name, _, rest = data.decode().strip().partition("+")
        _, _, encoded = rest.partition("+")
        changed = base64.b64encode(kind + base64.b64decode(encoded)[1:]).decode()
        return f"{name}+00000000+{changed}\n".encode()

    assert "not written as name+id+base64 of an Ed25519 key" in small.said_after(edit(LOG + "key", typed))


def test_files_to_fetch_from_elsewhere_are_refused(small):
    said = small.said_after(lambda files: files | {"fetch.txt": b"http://x 1 data/x\n"}, is_refitted=False)
    assert "it would load files from elsewhere" in said


# 4. Checkpoint, proofs, entries.


def test_a_checkpoint_of_another_size_or_root_is_named(small):
    shorter = small.log.note(size=5).encode()
    assert "log of north-group does not hold" in small.said_after(edit(LOG + "checkpoint", lambda data: shorter))


def test_a_checkpoint_signed_by_another_key_is_named(small):
    text = small.log.note().rpartition("\n\n")[0] + "\n"
    forger = KeyPair(small.log.pair.name, 9)
    note = sign_note(text, key=forger.public, sign=forger.sign).encode()
    assert "none of the known keys signed" in small.said_after(edit(LOG + "checkpoint", lambda data: note))


def test_the_checkpoint_of_another_log_with_the_same_key_is_named(small):
    pair = KeyPair("test.example/log/other", 1)
    state = Checkpoint(origin=pair.name, size=len(small.log.bodies), root=b"\1" * 32)
    note = sign_note(state.text, key=pair.public, sign=pair.sign).encode()
    said = small.said_after(lambda files: files | {LOG + "checkpoint": note, LOG + "key": pair.public.text.encode()})
    assert "that of another log, test.example/log/other" in said


@pytest.mark.parametrize(
    "change",
    [
        lambda tile: tile[32:],
        lambda tile: tile + b"\1" * 32,
        lambda tile: tile[32:64] + tile[:32] + tile[64:],
        lambda tile: b"\1" * 32 + tile[32:],
        lambda tile: tile[:-1],
        lambda tile: b"",
    ],
    ids=["missing", "extra", "reordered", "replaced", "cut", "none"],
)
def test_a_proof_with_hashes_changed_does_not_hold(small, change):
    assert "log of north-group does not hold" in small.said_after(edit(LOG + "tiles/0.bin", change))


def test_the_proof_of_another_log_does_not_serve(small):
    other, rows = scored_log(cases=13)
    path = write_package(small.folder / "other.zip", {"north-group": other}, files=content_files(rows))
    tiles = files_in(path)[LOG + "tiles/0.bin"]
    assert "log of north-group does not hold" in small.said_after(edit(LOG + "tiles/0.bin", lambda data: tiles))


@pytest.mark.parametrize(
    "change",
    [lambda p: p[1:], lambda p: [*p, p[-1]], lambda p: p[::-1], lambda p: [*p[:-1], p[-1][:-1]], lambda p: [*p, "x"]],
)
def test_an_audit_path_with_hashes_changed_is_false(small, change):
    leaves = small.log.leaves()[:11]
    proof = inclusion_proof(leaves, 3)
    assert verify_inclusion(leaves[3], 3, 11, proof, root(leaves))
    assert not verify_inclusion(leaves[3], 3, 11, change(proof), root(leaves))


@pytest.mark.parametrize(
    "stated",
    [b'{"0":[[0,99999999999]]}', b'{"0":[[5,1]]}', b'{"0":[[0,0],[0,0]]}', b"[]", b'{"x":1}', b'{"0":[[0,0]],"0":[]}'],
)
def test_a_list_of_tiles_that_lies_is_named(small, stated):
    assert "log of north-group does not hold" in small.said_after(edit(LOG + "tiles.json", lambda data: stated))


def test_an_entry_edited_is_named_with_its_position(small):
    said = small.said_after(edit(LOG + "entries.ndjson", lambda data: data.replace(b'"score":0.37', b'"score":0.97')))
    assert "The entry at position 2 of the log of north-group was changed." in said
    assert "position 2 of the log of north-group has no proved entry" in said


def test_two_entries_that_changed_places_are_named(small):
    said = small.said_after(edit(LOG + "entries.ndjson", lines_of(lambda rows: [rows[1], rows[0], *rows[2:]])))
    assert "position 0 of the log of north-group was changed" in said
    assert "position 1 of the log of north-group was changed" in said


@pytest.mark.parametrize(("change", "sentence"), [
    (lambda rows: rows[:-1], "entries for"),
    (lambda rows: [*rows, rows[-1]], "more entries than positions"),
])  # fmt: skip
def test_an_entry_left_out_or_added_is_named(small, change, sentence):
    assert sentence in small.said_after(edit(LOG + "entries.ndjson", lines_of(change)))


@pytest.mark.parametrize(
    "positions",
    [b"0\n0\n", b"1\n0\n", b"-1\n", b"1e3\n", b"99\n", b"x\n", b"9" * 5_000 + b"\n", b"9" * 30 + b"\n", b"9" * 100_000],
)
def test_positions_that_lie_are_named(small, positions):
    assert "log of north-group does not hold" in small.said_after(edit(LOG + "positions.txt", lambda data: positions))


def withheld(position, body, *, entry):
    leaf = base64.b64encode(leaf_hash(body)).decode()
    return canonical_json({"position": position, "leaf": leaf, "entry": entry}) + b"\n"


def test_no_act_can_be_withheld_to_show_another_in_its_place(small):
    def forged(files):
        files["data/figures.json"] = files["data/figures.json"].replace(b"sensitivity", b"specificity")
        content = {name: sha256(data).hexdigest() for name, data in files.items() if name.startswith("data/")}
        signed = {name: digest for name, digest in content.items() if not name.startswith("data/logs/")}
        *bodies, act = files[LOG + "entries.ndjson"].splitlines()
        entry = json.loads(act)
        entry["payload"]["details"]["content_sha256"] = sha256(canonical_json(signed)).hexdigest()
        return files | {
            LOG + "entries.ndjson": b"\n".join(bodies) + b"\n",
            LOG + "positions.txt": b"".join(b"%d\n" % position for position in range(len(bodies))),
            LOG + "withheld.ndjson": withheld(len(bodies), act, entry=entry),
        }

    said = small.said_after(forged)
    assert "position 24 of the log of north-group is shown in part, though no table of facts holds it" in said
    assert CONTENT in said


def test_no_entry_without_a_table_can_be_withheld(small):
    log, rows = scored_log(cases=3)
    position = log.add("decision", {"verdict": "recall"})
    path = write_package(small.folder / "decided.zip", {"north-group": log}, files=content_files(rows))

    def forged(files):
        bodies = files[LOG + "entries.ndjson"].splitlines()
        body = bodies.pop(position)
        entry = json.loads(body.replace(b"recall", b"keep"))
        return files | {
            LOG + "entries.ndjson": b"\n".join(bodies) + b"\n",
            LOG + "positions.txt": files[LOG + "positions.txt"].replace(b"%d\n" % position, b"", 1),
            LOG + "withheld.ndjson": withheld(position, body, entry=entry),
        }

    changed = packed(refitted(forged(files_in(path))), small.folder / "forged.zip")
    assert small.said(path) == ""
    assert f"position {position} of the log of north-group is shown in part, though" in small.said(changed)


def test_an_entry_shown_whole_cannot_be_shown_in_part_too(small):
    def doubled(files):
        body = files[LOG + "entries.ndjson"].splitlines()[1]
        entry = json.loads(body.replace(b"positive", b"negative"))
        return files | {LOG + "withheld.ndjson": withheld(1, body, entry=entry)}

    assert "one is shown both whole and in part" in small.said_after(doubled)


def test_no_level_of_tiles_can_be_left_out(small):
    log = MadeLog("north-group", [b"%d" % number for number in range(WIDTH * WIDTH)])
    tiles = grow(size=0, leaves=log.leaves(), edge={}).tiles
    part = LogPart(organisation="north-group", key=log.pair.public, note=log.note(), size=WIDTH * WIDTH, positions=())
    path = small.folder / "large.zip"
    with BagWriter(path) as bag:
        write_log(bag, part, read_tile=lambda level, index: tiles[level, index], bodies=tuple, redact=nothing_withheld)
        bag.close(info={})
    assert "north-group does not hold" not in small.said(path)
    files = files_in(path)
    del files[LOG + "tiles/1.bin"]
    files[LOG + "tiles/0.bin"] = b"\0" * 32 + files[LOG + "tiles/0.bin"][32:]
    files[LOG + "tiles.json"] = b'{"0":[[0,255]],"2":[[0,0]]}'
    said = small.said(packed(refitted(files), small.folder / "left-out.zip"))
    assert "The log of north-group does not hold: tile 1/0 is not in the package" in said


ODD_BODIES = {
    "duplicate key": b'{"kind":"x","kind":"inference","organisation":"north-group","payload":{}}',
    "NaN": b'{"a":NaN,"kind":"x","organisation":"north-group","payload":{}}',
    "huge integer": b'{"a":' + b"9" * 400 + b',"kind":"x","organisation":"north-group","payload":{}}',
    "beyond a double": b'{"a":1e999,"kind":"x","organisation":"north-group","payload":{}}',
    "deep nesting": b'{"a":'
    + b"[" * 20_000
    + b"]" * 20_000
    + b',"kind":"x","organisation":"north-group","payload":{}}',
    "white space": b'{"kind": "x","organisation":"north-group","payload":{}}',
    "order of keys": b'{"organisation":"north-group","kind":"x","payload":{}}',
    "number": b'{"a":1.0,"kind":"x","organisation":"north-group","payload":{}}',
    "surrogate": b'{"a":"\\ud800","kind":"x","organisation":"north-group","payload":{}}',
    "not UTF-8": b'{"a":"\xff","kind":"x","organisation":"north-group","payload":{}}',
}


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES.keys())
def test_a_body_that_is_not_canonical_is_named_though_it_was_signed(small, body):
    log, rows = scored_log(cases=3)
    position = log.append(body)
    path = write_package(small.folder / "odd.zip", {"north-group": log}, files=content_files(rows))
    said = small.said(path)
    assert f"The entry at position {position} of the log of north-group cannot stand in a log" in said


@pytest.mark.parametrize("line", [b'{"a":1,"a":2}', b"NaN", b"[1]", b"{", b'{"log":"north-group"}', b"9" * 80_000])
def test_a_case_row_that_is_none_is_named(small, line):
    said = small.said_after(edit("data/cases.ndjson", lambda data: data + line + b"\n"))
    assert "cases" in said


@pytest.mark.parametrize(
    "figures", [b'{"sets":[],"sets":[]}', b'{"sets":NaN}', b"[" * 100_000, b'{"sets":[{"a":1}]}', b"[]", b"\xff"]
)
def test_figures_that_are_none_are_named(small, figures):
    assert "figures or cases are malformed" in small.said_after(edit("data/figures.json", lambda data: figures))


# 5. Figures.


def test_a_headline_figure_with_its_rows_untouched_is_computed_again(small):
    def higher(data):
        figures = json.loads(data)
        figures["sets"][0]["estimates"][0]["value"] = 0.9
        return json.dumps(figures).encode()

    said = small.said_after(edit("data/figures.json", higher))
    assert "The sensitivity of nodule of product cxr, site north is stated as 0.900000, but its rows give" in said


def test_a_figure_in_a_document_that_is_not_that_of_the_package_is_named(small):
    def reported(files):
        figures = json.loads(files["data/figures.json"])
        figures["sets"][0]["estimates"][1]["value"] = 1.0
        return files | {"data/documents/report.json": canonical_json(figures)}

    assert "The specificity of nodule" in small.said_after(reported)
    assert "in data/documents/report.json is not that of data/figures.json" in small.said_after(reported)


def test_a_line_of_csv_that_its_entry_does_not_say_is_named(small):
    for table, old, new in (("inference.predictions", b"0.37", b"0.97"), ("truth", b"positive", b"negative")):
        said = small.said_after(
            edit(f"data/facts/{table}.csv", lambda data, old=old, new=new: data.replace(old, new, 1))
        )
        assert f"of data/facts/{table}.csv is not what its entry at position" in said


@pytest.mark.parametrize(("change", "sentence"), [
    (lambda data: data + data.splitlines(keepends=True)[-1], "has more rows than there are entries"),
    (lambda data: data.rpartition(b"\r\n")[0].rpartition(b"\r\n")[0] + b"\r\n", "is not what its entry at position"),
    (lambda data: data.replace(b",value", b",other", 1), "has no column for value"),
    (lambda data: b"", "cannot be read"),
    (lambda data: data.replace(b"log,", b"log,log,", 1), "cannot be read"),
])  # fmt: skip
def test_a_table_with_rows_or_columns_changed_is_named(small, change, sentence):
    assert sentence in small.said_after(edit("data/facts/truth.csv", change))


def test_a_csv_is_held_to_the_ndjson_beside_it(small):
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    files = {
        "data/t.ndjson": b"".join(canonical_json(row) + b"\n" for row in rows),
        "data/t.csv": b"a,b\r\n1,x\r\n2,\r\n",
    }
    assert "data/t.csv" not in small.said_after(lambda old: old | files)
    changed = files | {"data/t.csv": b"a,b\r\n1,x\r\n3,\r\n"}
    assert "Line 3 of data/t.csv is not what line 2" in small.said_after(lambda old: old | changed)
    longer = files | {"data/t.csv": files["data/t.csv"] + b"4,y\r\n"}
    assert "data/t.csv has more rows than its NDJSON" in small.said_after(lambda old: old | longer)


# 6. Signatures of people.


def test_a_signature_that_is_listed_though_no_log_has_it_is_named(small):
    forged = canonical_json([{"subject": "investigation/1", "printed_name": "Nobody"}])
    assert "The list of signatures is not that of the logs" in small.said_after(
        edit("data/signatures.json", lambda data: forged)
    )


def test_an_older_checkpoint_finds_a_log_that_was_built_again(small):
    note = small.log.note(size=7).encode()
    assert small.check(checkpoints=[note]).problems == []
    other, rows = scored_log(cases=12)
    other.bodies[3] = other.bodies[3].replace(b"panel", b"autopsy")
    path = write_package(small.folder / "again.zip", {"north-group": other}, files=content_files(rows))
    assert small.said(path) == ""
    assert "it was rewritten" in small.said(path, checkpoints=[note])


def test_a_forger_who_refits_everything_but_the_log_changes_nothing(small):
    assert small.said_after(lambda files: files) == ""
    assert refitted(files_in(small.path)).keys() == files_in(small.path).keys()
    assert check_package(small.path, pins=[small.pin]).count == 0
