"""A bag is written in one pass, the same bytes for the same content, and the Library of Congress's tool takes it."""

import json
import zipfile
from datetime import UTC, datetime

import bagit
import jsonschema
import pytest

from audit.packages.bags import BagWriter, escaped
from audit.packages.crates import Crate, write_crate
from audit.packages.errors import FileTwiceError

AWKWARD = ["data/line\nend.txt", "data/return\r.txt", "data/ä ö.txt", "data/two  spaces.txt"]
CRATE = Crate(
    uid="p1",
    name="Evidence on cxr",
    description="Everything logged of cxr in 2026.",
    licence="For the supervision of the product.",
    authors=["north-group"],
    published_at=datetime(2026, 3, 2, tzinfo=UTC).isoformat(),
    covers="2026-01-01/2026-04-01",
)
WITH_ID = {"type": "object", "required": ["@id"], "properties": {"@id": {"type": "string", "minLength": 1}}}
# RO-Crate 1.1: "Root Data Entity" and "Data Entities" say what must be there.
ROOT = {
    "type": "object",
    "required": ["@id", "@type", "name", "description", "datePublished", "license", "author", "hasPart", "identifier"],
    "properties": {
        "@id": {"const": "./"},
        "@type": {"const": "Dataset"},
        "datePublished": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d"},
        "license": WITH_ID,
        "author": {"type": "array", "minItems": 1, "items": WITH_ID},
        "hasPart": {"type": "array", "items": WITH_ID},
    },
}
DESCRIPTOR = {
    "type": "object",
    "required": ["@id", "@type", "about", "conformsTo"],
    "properties": {
        "@id": {"const": "ro-crate-metadata.json"},
        "@type": {"const": "CreativeWork"},
        "about": {"const": {"@id": "./"}},
        "conformsTo": {"const": {"@id": "https://w3id.org/ro/crate/1.1"}},
    },
}
FILE = {
    "type": "object",
    "required": ["@id", "@type", "name", "encodingFormat", "contentSize"],
    "properties": {"contentSize": {"type": "string", "pattern": r"^\d+$"}},
}


def write(path, names):
    with BagWriter(path) as bag:
        for name in names:
            bag.add(name, [name.encode(), b"x" * 10], about="A test")
        with bag.aside("data/first.csv") as first, bag.aside("data/second.csv") as second:
            second.write(b"b\r\n")
            first.write(b"a\r\n")
        with bag.open("data/third.bin", is_packed=False) as third:
            third.write(bytearray(5))
        write_crate(bag, CRATE)
        bag.close(info={"Source-Organization": "north\nPayload-Oxum: 1.1", "External-Identifier": "p1"})
    return path


def test_the_library_of_congress_takes_it_with_awkward_names(tmp_path):
    path = write(tmp_path / "bag.zip", AWKWARD)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "bag")
    bag = bagit.Bag(str(tmp_path / "bag"))
    assert bag.validate()
    assert sorted(bag.algorithms) == ["sha256", "sha512"]
    assert bag.info["Source-Organization"] == "north Payload-Oxum: 1.1"


def test_a_percent_sign_is_encoded_as_the_standard_says():
    # RFC 8493, 2.1.3; the Library of Congress's tool leaves it alone, so that no file of ours has one.
    assert escaped("50%0A\r\n") == "50%250A%0D%0A"


def test_the_same_content_gives_the_same_bytes(tmp_path):
    first, second = (write(tmp_path / name, AWKWARD).read_bytes() for name in ("1.zip", "2.zip"))
    assert first == second


def test_no_temporary_file_stays(tmp_path):
    write(tmp_path / "bag.zip", ["data/x"])
    assert [each.name for each in tmp_path.iterdir()] == ["bag.zip"]


def test_a_file_is_written_once(tmp_path):
    with BagWriter(tmp_path / "bag.zip") as bag, pytest.raises(FileTwiceError):
        bag.add("data/x", [])
        bag.add("data/x", [])


def test_a_file_beside_the_zip_that_fails_does_not_enter(tmp_path):
    with BagWriter(tmp_path / "bag.zip") as bag:
        with pytest.raises(ValueError, match="half"), bag.aside("data/x") as file:
            file.write(b"1")
            raise ValueError("half")
        assert "data/x" not in bag.files


def test_the_crate_has_the_shape_of_ro_crate(tmp_path):
    with zipfile.ZipFile(write(tmp_path / "bag.zip", AWKWARD)) as archive:
        crate = json.loads(archive.read("data/ro-crate-metadata.json"))
        held = {name for name in archive.namelist() if name.startswith("data/")}
    by_id = {each["@id"]: each for each in crate["@graph"]}
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    assert len(by_id) == len(crate["@graph"])
    jsonschema.validate(by_id["ro-crate-metadata.json"], DESCRIPTOR)
    jsonschema.validate(by_id["./"], ROOT)
    parts = [by_id[each["@id"]] for each in by_id["./"]["hasPart"]]
    files = [each for each in parts if each["@type"] == "File"]
    for each in files:
        jsonschema.validate(each, FILE)
    assert {each["name"] for each in files} == {
        name.removeprefix("data/") for name in held if not name.endswith("ro-crate-metadata.json")
    }
    assert by_id["logs/"]["@type"] == "Dataset"
    assert by_id["./"]["license"]["@id"] in by_id


def test_every_reference_in_the_crate_leads_somewhere(tmp_path):
    with zipfile.ZipFile(write(tmp_path / "bag.zip", ["data/x"])) as archive:
        graph = json.loads(archive.read("data/ro-crate-metadata.json"))["@graph"]
    known = {each["@id"] for each in graph} | {"https://w3id.org/ro/crate/1.1"}
    references = [
        part["@id"]
        for each in graph
        for value in each.values()
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, dict)
    ]
    assert set(references) <= known
