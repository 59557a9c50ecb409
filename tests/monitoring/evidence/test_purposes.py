"""What a package is for decides what is in it: research, receivers outside, an instant, and forms that do not fit."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime

import pytest
from django.core.management.base import CommandError

from inference.studies.models import Person
from monitoring.evidence.research import Disguise
from tests.factories import send, truth_row
from tests.monitoring.evidence.conftest import export, fill_log

pytestmark = pytest.mark.django_db
AS_OF = "2026-03-02T12:00:00Z"


def read(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(f"data/{name}")


def test_the_same_scope_and_instant_give_the_same_bytes_but_for_the_logs(package, now):
    first, second = package.folder / "first.zip", package.folder / "second.zip"
    export(first, "--site", "north", "--as-of", AS_OF)
    send("truth", truth_row(22, value="negative", determined_at="2026-03-04T10:00:00Z"), now=datetime.now(UTC))
    export(second, "--site", "north", "--as-of", AS_OF)
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as other:
        kept = [name for name in one.namelist() if name.startswith("data/") and "data/logs/" not in name]
        assert kept == [name for name in other.namelist() if name.startswith("data/") and "data/logs/" not in name]
        assert [name for name in kept if one.read(name) != other.read(name)] == []
        assert len(kept) > 30


def test_for_research_dates_are_shifted_and_nothing_can_be_proved(package):
    path = package.folder / "research.zip"
    export(path, "--site", "north", "--purpose", "research")
    plain = [json.loads(line) for line in read(package.path, "cases.ndjson").splitlines()]
    cases = [json.loads(line) for line in read(path, "cases.ndjson").splitlines()]
    assert len(cases) == len(plain) and {each["position"] for each in cases} == {None}
    assert {each["acquired_on"] for each in plain} == {"2026-03-02"}
    days = {each["person"]: (date(2026, 3, 2) - date.fromisoformat(each["acquired_on"])).days for each in cases}
    assert len(set(days.values())) > 5 and all(1 <= each <= 365 for each in days.values())
    assert not {each["person"] for each in cases} & {each["person"] for each in plain}
    said = read(path, "scope.json").decode()
    assert "Not provable" in said and "Not provable" in read(path, "index.html").decode()
    code, told = package.check(path)
    assert code == 0 and "Not provable" in told, told


def test_research_tells_no_moment_of_coming_in_and_no_entry(package):
    path = package.folder / "research.zip"
    export(path, "--site", "north", "--purpose", "research")
    reads = list(csv.DictReader(io.StringIO(read(path, "research/read.csv").decode(), newline="")))
    assert len(reads) == 20
    assert {(each["logged_at"], each["position"], each["actor"]) for each in reads} == {("", "", "")}
    assert {each["reader"] for each in reads} == {"person-1"} and all(
        each["read_at"][:10] != "2026-03-02" for each in reads
    )
    kinds = {json.loads(line)["kind"] for line in read(path, "logs/north-group/entries.ndjson").splitlines()}
    assert kinds <= {"package.exported", "registration"}
    options = json.loads(read(path, "deidentification.json"))["options"]
    assert "113107" in {each["code"] for each in options}


def test_an_erased_person_cannot_be_disguised_and_the_same_one_always_alike(db, now):
    fill_log(now)
    person = Person.objects.order_by("id").first()
    shifts = []
    for package in ("a", "a", "b"):
        disguise = Disguise(package=package)
        disguise.learn([person.pk])
        shifts.append((disguise.days(person.pk), disguise.name(person.pk, "x")))
    assert shifts[0] == shifts[1] != shifts[2]
    Disguise(package="a").learn([])
    assert not Disguise(package="a").knows(person.pk)


def test_who_opted_out_stays_out_of_what_leaves_the_house_and_in_what_does_not(package, now):
    correction = {"kind": "opted_out", "patient_id": "P3", "at": "2026-03-02T11:00:00Z"}
    assert [each.status for each in send("corrections", correction, now=now)] == ["stored"]
    studies = []
    for name, more in (("own", ()), ("shared", ("--recipient", "cxr-maker"))):
        path = package.folder / f"{name}.zip"
        export(path, "--site", "north", *more)
        code, said = package.check(path)
        assert code == 0, said
        studies.append({json.loads(line)["study"] for line in read(path, "cases.ndjson").splitlines()})
        assert json.loads(read(path, "scope.json"))["left_out"]["opted_out"]["patients"] == len(more) // 2
    own, shared = studies
    assert len(own - shared) == 1 and shared < own
    gone = (own - shared).pop()
    with zipfile.ZipFile(package.folder / "shared.zip") as archive:
        assert not [name for name in archive.namelist() if gone.encode() in archive.read(name)]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--change", "C1"], "no change is recorded yet"),
        (["--recipient", "nobody"], "no organisation 'nobody'"),
        (["--purpose", "research", "--renditions", "fhir"], "not with research"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(package, arguments, why):
    with pytest.raises(CommandError, match=why):
        export(package.folder / "x.zip", *arguments)
    assert not (package.folder / "x.zip").exists()


def test_sums_for_a_maker_name_no_rule_of_the_house_and_nobody_in_it(package):
    path = package.folder / "sums.zip"
    export(path, "--site", "north", "--level", "aggregate", "--recipient", "cxr-maker")
    rules = json.loads(read(path, "rules.json"))
    assert rules["sites"][0]["purpose_rules"] == [] and rules["mapping_rules"] == []
    assert {each["recorded_by"] for each in rules["configurations"]} == {""}
    assert [each["to"] for each in rules["sharing"]] == ["cxr-maker"]
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "/facts/" in name or "chart_points" in name]
        assert b"PHANTOM" not in b"".join(archive.read(name) for name in archive.namelist() if name.endswith("json"))
