"""Attacks on the file, each named by the offline verifier, whoever also makes the manifests fit."""

import base64
import json
import struct
import zipfile
from dataclasses import replace
from hashlib import sha256, sha512

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.models import Checkpoint
from audit.proofs.notes import PublicKey, parse_checkpoint, parse_note, sign_note
from tests.monitoring.evidence.conftest import export, packed, run_verifier

pytestmark = pytest.mark.django_db
LOG = "data/logs/north-group/"


@pytest.fixture
def package(sealed, tmp_path):
    """The attacks are on the file alone, so that one package serves them all."""
    return replace(sealed, folder=tmp_path)


def with_manifests(files):
    """Make every manifest and count fit the files again, as a forger would."""
    files = {name: value for name, value in files.items() if "manifest-" not in name}
    payload = {name: value for name, value in files.items() if name.startswith("data/")}
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
    lines = files["bag-info.txt"].decode().splitlines()
    files["bag-info.txt"] = "".join(f"{oxum if line.startswith('Payload-Oxum') else line}\n" for line in lines).encode()
    for kind, chosen in (("manifest", payload), ("tagmanifest", {n: v for n, v in files.items() if n not in payload})):
        for algorithm, digest in (("sha256", sha256), ("sha512", sha512)):
            text = "".join(f"{digest(value).hexdigest()}  {name}\n" for name, value in sorted(chosen.items()))
            if kind == "tagmanifest":
                files.setdefault(f"{kind}-{algorithm}.txt", text.encode())
            else:
                files[f"{kind}-{algorithm}.txt"] = text.encode()
    return retag(files)


def retag(files):
    tags = {n: v for n, v in files.items() if not n.startswith(("data/", "tagmanifest-"))}
    for algorithm, digest in (("sha256", sha256), ("sha512", sha512)):
        lines = [f"{digest(value).hexdigest()}  {name}\n" for name, value in sorted(tags.items())]
        files[f"tagmanifest-{algorithm}.txt"] = "".join(lines).encode()
    return files


def edited(name, change):
    return lambda files: files | {name: change(files[name])}


def test_an_edited_file_is_named(package):
    code, said = package.check(package.changed(edited("data/registry.json", lambda data: data + b" ")))
    assert code == 1
    assert "data/registry.json was changed" in said


def test_an_added_file_is_named(package):
    code, said = package.check(package.changed(lambda files: files | {"data/extra.txt": b"x"}))
    assert code == 1
    assert "data/extra.txt was added" in said


def test_a_removed_file_is_named(package):
    code, said = package.check(
        package.changed(lambda files: {n: v for n, v in files.items() if n != "data/scope.json"})
    )
    assert code == 1
    assert "data/scope.json" in said
    assert "removed or renamed" in said


def test_a_renamed_file_is_named(package):
    renamed = package.changed(
        lambda files: {("data/x.json" if n == "data/scope.json" else n): v for n, v in files.items()}
    )
    code, said = package.check(renamed)
    assert code == 1
    assert "data/scope.json" in said
    assert "data/x.json was added" in said


def test_a_figure_changed_with_fitting_manifests_is_recomputed_and_refused(package):
    def higher(data):
        figures = json.loads(data)
        for block in figures["sets"]:
            for each in block["estimates"]:
                if each["metric"] == "sensitivity" and "value" in each:
                    each["value"] += 0.05
        return json.dumps(figures).encode()

    changed = package.changed(lambda files: with_manifests(edited("data/figures.json", higher)(files)))
    code, said = package.check(changed)
    assert code == 1
    assert "The sensitivity of nodule" in said
    assert "but its rows give" in said
    assert "not what the log of north-group signed" in said


def test_a_case_row_changed_with_its_figures_differs_from_its_entry(package):
    def all_found(data):
        rows = [json.loads(line) for line in data.splitlines()]
        for row in rows:
            if row["truth"] == "positive" and row["finding"] == "nodule":
                row["decision"] = "positive"
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    changed = package.changed(lambda files: with_manifests(edited("data/cases.ndjson", all_found)(files)))
    code, said = package.check(changed)
    assert code == 1
    assert "its entry says" in said


def test_a_report_changed_with_fitting_manifests_is_not_what_was_signed(package):
    changed = package.changed(
        lambda files: with_manifests(edited("data/index.html", lambda data: data.replace(b"0.", b"9."))(files))
    )
    code, said = package.check(changed)
    assert code == 1
    assert "not what the log of north-group signed" in said


def test_an_entry_changed_with_fitting_manifests_is_named_with_its_position(package):
    changed = package.changed(
        lambda files: with_manifests(
            edited(LOG + "entries.ndjson", lambda data: data.replace(b'"score":0.37', b'"score":0.97', 1))(files)
        )
    )
    code, said = package.check(changed)
    assert code == 1
    assert "The entry at position" in said
    assert "was changed" in said


def test_an_entry_left_out_is_named(package):
    changed = package.changed(
        lambda files: with_manifests(
            edited(LOG + "entries.ndjson", lambda data: b"".join(data.splitlines(keepends=True)[:-1]))(files)
        )
    )
    code, said = package.check(changed)
    assert code == 1
    assert "entries for" in said


def test_a_changed_tile_no_longer_has_the_signed_root(package):
    changed = package.changed(
        lambda files: with_manifests(edited(LOG + "tiles/0.bin", lambda data: b"\1" * 32 + data[32:])(files))
    )
    code, said = package.check(changed)
    assert code == 1
    assert "do not have the root" in said


def test_the_checkpoint_of_another_log_is_named(living):
    other = Checkpoint.objects.filter(organisation="south-clinic").order_by("-size").first().note.encode()
    changed = living.changed(lambda files: with_manifests(edited(LOG + "checkpoint", lambda data: other)(files)))
    code, said = living.check(changed)
    assert code == 1
    assert "log of north-group does not hold" in said


def test_a_checkpoint_edited_is_named(package):
    changed = package.changed(
        lambda files: with_manifests(edited(LOG + "checkpoint", lambda data: data.replace(b"\n", b"\n1", 1))(files))
    )
    code, said = package.check(changed)
    assert code == 1
    assert "log of north-group does not hold" in said


def test_everything_signed_again_with_another_key_is_not_pinned(package):
    forger = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)

    def forged(files):
        state = parse_checkpoint(parse_note(files[LOG + "checkpoint"]).text)
        key = PublicKey(name=state.origin, key=forger.public_key().public_bytes_raw())
        note = sign_note(state.text, key=key, sign=forger.sign)
        return with_manifests(files | {LOG + "checkpoint": note.encode(), LOG + "key": f"{key.text}\n".encode()})

    code, said = package.check(package.changed(forged))
    assert code == 1
    assert said.splitlines()[-1] == "key not pinned"


def test_an_algorithm_downgraded_is_refused(package):
    changed = package.changed(
        lambda files: {n: v for n, v in files.items() if "sha512" not in n} | {"manifest-md5.txt": b""}
    )
    code, said = package.check(changed)
    assert code == 1
    assert "manifest-sha512.txt is missing" in said
    assert "manifest-md5.txt" in said


def test_a_withheld_entry_with_another_leaf_is_named(package):
    def moved(data):
        shown = json.loads(data)
        return json.dumps(shown | {"leaf": base64.b64encode(b"\1" * 32).decode()}).encode() + b"\n"

    changed = package.changed(lambda files: with_manifests(edited(LOG + "withheld.ndjson", moved)(files)))
    code, said = package.check(changed)
    assert code == 1
    assert "has another leaf" in said


# The zip itself.


def appended(package, name, data, *, mode=0o100644, times=1):
    path = package.folder / "appended.zip"
    path.write_bytes(package.path.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        for _ in range(times):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, data)
    return path


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/outside", "data/../../x", "~root/x", "C:/x", "data\\..\\x"])
def test_a_name_that_leads_outside_is_named_and_nothing_is_written(package, name):
    before = sorted(package.folder.iterdir())
    code, said = package.check(appended(package, name, b"x"))
    assert code == 1
    assert "outside the package" in said
    assert [each for each in sorted(package.folder.iterdir()) if each not in before] == [
        package.folder / "appended.zip"
    ]


def test_a_link_is_named(package):
    code, said = package.check(appended(package, "data/link", b"/etc/passwd", mode=0o120777))
    assert code == 1
    assert "as a link" in said


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_stands_twice_is_named(package):
    code, said = package.check(appended(package, "data/scope.json", b"{}"))
    assert code == 1
    assert "stands twice" in said


def test_a_file_that_differs_in_case_alone_is_named(package):
    code, said = package.check(appended(package, "data/Scope.json", b"{}"))
    assert code == 1
    assert "differ only in their letters" in said


def test_a_bomb_is_named_and_not_unpacked(package):
    path = package.folder / "bomb.zip"
    path.write_bytes(package.path.read_bytes())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("data/bomb", "w") as file:
        for _ in range(300):
            file.write(bytes(1 << 20))
    code, said = package.check(path)
    assert code == 1
    assert "zip bomb" in said


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_package_is_unreadable(package, share):
    data = package.path.read_bytes()
    path = package.folder / "cut.zip"
    path.write_bytes(data[: int(len(data) * share)])
    code, said = package.check(path)
    assert code == 2
    assert "Unreadable" in said


def test_a_package_that_claims_ten_million_files_is_unreadable(package):
    data = bytearray(package.path.read_bytes())
    at = data.rfind(b"PK\x05\x06")
    data[at + 8 : at + 16] = struct.pack("<HHI", 65_535, 65_535, 700_000_000)
    path = package.folder / "many.zip"
    path.write_bytes(data)
    assert package.check(path)[0] == 2


def test_what_is_no_package_is_unreadable(package):
    assert package.check(packed({"hello.txt": b"x"}, package.folder / "x.zip"))[0] == 2
    assert package.check(package.folder / "absent.zip")[0] == 2


def test_a_flipped_byte_inside_is_named(package):
    data = bytearray(package.path.read_bytes())
    with zipfile.ZipFile(package.path) as archive:
        info = archive.getinfo(LOG + "tiles/0.bin")
    data[info.header_offset + 30 + len(info.filename) + 40] ^= 1
    path = package.folder / "flipped.zip"
    path.write_bytes(data)
    code, said = package.check(path)
    assert code == 1
    assert "tiles/0.bin" in said


def test_a_proof_from_another_package_does_not_serve(living):
    second = living.folder / "second.zip"
    export(second, "--site", "north")
    with zipfile.ZipFile(second) as archive:
        tiles = archive.read(LOG + "tiles/0.bin")
    changed = living.changed(lambda files: with_manifests(edited(LOG + "tiles/0.bin", lambda data: tiles)(files)))
    assert living.check(changed)[0] == 1


def test_a_package_verifies_as_a_folder_with_a_link_inside_named(package):
    folder = package.folder / "unpacked"
    with zipfile.ZipFile(package.path) as archive:
        archive.extractall(folder)
    (folder / "data" / "link").symlink_to("/etc/passwd")
    pins = [part for key in package.keys.values() for part in ("--key", key)]
    code, said = run_verifier(str(folder), *pins)
    assert code == 1
    assert "'data/link' as a link" in said
