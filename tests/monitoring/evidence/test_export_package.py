"""A package: what it holds, that it verifies anywhere with Python alone, and follows on from the one before."""

import json
import os
import re
import subprocess
import sys
import zipfile
from io import StringIO

import bagit
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.log.models import Act, Checkpoint
from audit.packages.bundling import verifier_digest
from tests.factories import inference_row, send, truth_row
from tests.monitoring.evidence.conftest import export, run_verifier

pytestmark = pytest.mark.django_db


def unpacked(package):
    folder = package.folder / "empty"
    folder.mkdir()
    with zipfile.ZipFile(package.path) as archive:
        archive.extractall(folder)
    return folder


def data(package, name):
    with zipfile.ZipFile(package.path) as archive:
        return archive.read(f"data/{name}")


def test_it_verifies_with_its_keys(package):
    code, said = package.check()
    assert (code, said) == (0, "Every file, entry and figure holds.\n")


def test_it_verifies_in_an_empty_folder_with_plain_python(package):
    folder = unpacked(package)
    pins = [part for key in package.keys.values() for part in ("--key", key)]
    command = [sys.executable, "-I", "-S", "verify.py", *pins]
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Every file, entry and figure holds" in done.stdout


def test_without_its_key_the_last_line_says_so_and_the_exit_is_one(package):
    code, said = package.check(pinned=False)
    assert code == 1
    assert said.splitlines()[-1] == "key not pinned"
    assert "Every file, entry and figure holds." in said


def test_another_pinned_key_does_not_serve(package):
    code, said = run_verifier(str(package.path), "--key", "0" * 64)
    assert code == 1
    assert said.splitlines()[-1] == "key not pinned"


def test_the_library_of_congress_finds_a_valid_bag(package):
    bag = bagit.Bag(str(unpacked(package)))
    assert bag.validate()


def test_the_file_is_readable_by_its_owner_alone(package):
    assert package.path.stat().st_mode & 0o777 == 0o600


def test_cases_add_up_to_everything_logged_and_ages_above_89_stay_behind(package):
    cases = [json.loads(line) for line in data(package, "cases.ndjson").splitlines()]
    assert len([case for case in cases if case["finding"] == "nodule"]) == 24
    with zipfile.ZipFile(package.path) as archive:
        for name in archive.namelist():
            assert b'"patient_age_years":93' not in archive.read(name), name
    assert b'"90+"' in data(package, "logs/north-group/withheld.ndjson")


def test_the_sensitivity_is_that_of_its_rows(package):
    cases = [json.loads(line) for line in data(package, "cases.ndjson").splitlines()]
    truly = [case for case in cases if case["finding"] == "nodule" and case["truth"] == "positive"]
    found = sum(case["decision"] == "positive" for case in truly) / len(truly)
    blocks = json.loads(data(package, "figures.json"))["sets"]
    nodule = next(block for block in blocks if block["finding"] == "nodule")
    stated = next(each for each in nodule["estimates"] if each["metric"] == "sensitivity")
    assert stated["value"] == pytest.approx(found)
    assert stated["cases"] == len(truly)


def test_the_report_reads_on_paper_and_says_what_is_not_there(package):
    text = data(package, "index.html").decode()
    assert "none recorded" in text
    assert verifier_digest() in text
    assert all(key in text for key in package.keys.values())
    assert "http" not in re.sub(r"<!doctype[^>]*>", "", text)


def test_the_export_is_an_act_in_the_log(package):
    act = Act.objects.get(entry__kind="package.exported")
    assert act.details["product"] == "cxr"
    assert act.entry.organisation == "north-group"


def test_a_package_follows_on_from_the_one_before(package, now):
    send("inferences", *[inference_row(n) for n in range(30, 33)], now=now)
    second = package.folder / "second.zip"
    export(second, "--site", "north", "--previous", str(package.path))
    code, said = package.check(second)
    assert code == 0, said
    with zipfile.ZipFile(second) as archive:
        assert "data/previous/north-group" in archive.namelist()


def test_an_older_checkpoint_is_held_against_the_package(package, now):
    kept = package.folder / "kept"
    kept.write_text(Checkpoint.objects.filter(organisation="north-group").order_by("size").first().note)
    assert package.check(package.path, "--checkpoint", str(kept))[0] == 0


def test_a_checkpoint_of_a_log_that_is_not_in_it_proves_nothing(package):
    kept = package.folder / "kept"
    kept.write_text(Checkpoint.objects.filter(organisation="south-clinic").first().note)
    code, said = package.check(package.path, "--checkpoint", str(kept))
    assert code == 1
    assert "a log that this package does not hold" in said


def test_a_checkpoint_beyond_the_package_is_named(package, now):
    send("inferences", *[inference_row(n) for n in range(30, 33)], now=now)
    export(package.folder / "second.zip", "--site", "north")
    kept = package.folder / "kept"
    kept.write_text(Checkpoint.objects.filter(organisation="north-group").order_by("-size").first().note)
    code, said = package.check(package.path, "--checkpoint", str(kept))
    assert code == 1
    assert "its end was cut off" in said


def test_two_organisations_have_two_logs_and_two_keys(package, now):
    path = package.folder / "both.zip"
    keys = export(path)
    assert set(keys) == {"north-group", "south-clinic"}
    pins = [part for key in keys.values() for part in ("--key", key)]
    assert run_verifier(str(path), *pins)[0] == 0
    code, said = package.check(path)
    assert code == 1
    assert said.splitlines()[-1] == "key not pinned"


def test_as_of_gives_the_figures_of_then(package, now):
    send("truth", truth_row(1, value="negative", determined_at="2026-03-04T10:00:00Z"))
    path = package.folder / "then.zip"
    export(path, "--site", "north", "--as-of", "2026-03-02T12:00:00Z")
    code, said = package.check(path)
    assert code == 0, said


def test_aggregates_hold_no_case_and_hide_small_cells(package):
    path = package.folder / "sums.zip"
    export(path, "--site", "north", "--level", "aggregate")
    with zipfile.ZipFile(path) as archive:
        assert "data/cases.ndjson" not in archive.namelist()
        kinds = [json.loads(line)["kind"] for line in archive.read("data/logs/north-group/entries.ndjson").splitlines()]
        figures = archive.read("data/figures.json").decode()
    assert set(kinds) <= {"package.exported", "registration"}
    assert "hidden by the sharing agreement" in figures
    code, said = package.check(path)
    assert code == 0
    assert "cannot be recomputed" in said


def test_one_study_has_its_cases_and_no_figures(package):
    case = json.loads(data(package, "cases.ndjson").splitlines()[0])
    path = package.folder / "study.zip"
    export(path, "--site", "north", "--study", case["study"])
    with zipfile.ZipFile(path) as archive:
        rows = [json.loads(line) for line in archive.read("data/cases.ndjson").splitlines()]
    assert {row["study"] for row in rows} == {case["study"]}
    assert package.check(path)[0] == 0


def test_an_existing_file_is_not_overwritten(package):
    with pytest.raises(CommandError, match="is there already"):
        export(package.path)


def test_measurements_are_recomputed_too(package, now):
    for number in range(1, 6):
        made = [{"finding": "ef", "measurement": 50.0 + number, "unit": "%"}]
        row = inference_row(number, deployment="echo-north", predictions=made, inference_uid=f"echo-{number}")
        send("inferences", row, now=now)
        measured = {"measurement": 52.0, "unit": "%", "value": None}
        send("truth", truth_row(number, finding="ejection_fraction", standard="core_laboratory", **measured), now=now)
    path = package.folder / "echo.zip"
    out = StringIO()
    scope = ["--product", "echo", "--from", "2026-01-01", "--to", "2027-01-01", "--output", str(path)]
    call_command("export_package", *scope, stdout=out)
    with zipfile.ZipFile(path) as archive:
        figures = json.loads(archive.read("data/figures.json"))["sets"][0]["estimates"]
    stated = {each["metric"]: each.get("value") for each in figures}
    assert stated["bias"] == pytest.approx(1.0)
    assert stated["label_coverage"] == 1.0
    code, said = package.check(path)
    assert code == 0, said
