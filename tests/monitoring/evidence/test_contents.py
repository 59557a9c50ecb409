"""What stands in a package: the same rows in every form, documents on paper, a start page, and nobody's name."""

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser

import pyarrow.parquet as pq
import pytest
from fhir.resources.R4B.observation import Observation
from highdicom.sr import srread
from pydicom import dcmread

from audit.log.models import plain
from audit.packages.bundling import verifier_digest
from inference.corrections.models import Correction
from inference.dicom.results.reading import read_result
from inference.events.models import Event
from inference.reads.models import Read, Response
from inference.rescoring.models import Rescore
from inference.results.models import PREDICTION_PAYLOAD, Inference
from inference.truth.models import Truth
from monitoring.evidence.dictionary import tables
from monitoring.evidence.paper import without_strange_letters
from tests.monitoring.evidence.pdf import Pdf, descriptor_of

DOCUMENTS = ("report", "monitoring", "registry", "dictionary")
FACTS = {
    "inference": Inference, "event": Event, "read": Read, "response": Response, "truth": Truth,
    "correction": Correction, "rescore": Rescore,
}  # fmt: skip


@pytest.fixture(scope="module")
def files(sealed):
    with zipfile.ZipFile(sealed.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def lines_of(data):
    return [json.loads(line) for line in data.splitlines()]


# 1. Rows.


def test_the_cases_are_the_same_as_lines_csv_and_parquet(files):
    lines, rows = lines_of(files["data/cases.ndjson"]), rows_of(files["data/cases.csv"])
    table = pq.read_table(io.BytesIO(files["data/cases.parquet"])).to_pylist()
    assert len(lines) == len(rows) == len(table) == 48
    for line, row, record in zip(lines, rows, table, strict=True):
        assert row["score"] == ("" if line["score"] is None else json.dumps(line["score"]))
        assert (row["truth"], record["truth"]) == (line["truth"], line["truth"])
        assert record["score"] == line["score"] and str(record["acquired_on"]) == line["acquired_on"]
        assert json.loads(row["slices"]) == line["slices"]


def test_the_facts_are_those_of_the_entries_in_their_order(files):
    entries = lines_of(files["data/logs/north-group/entries.ndjson"])
    withheld = [each["entry"] for each in lines_of(files["data/logs/north-group/withheld.ndjson"])]
    for kind in FACTS:
        told = {each["uid"] for each in [*entries, *withheld] if each["kind"] == kind}
        rows = rows_of(files[f"data/facts/{kind}.csv"])
        assert {row["uid"] for row in rows} == told and len(rows) == len(told)
        assert [int(row["position"]) for row in rows] == sorted(int(row["position"]) for row in rows)
        assert pq.read_metadata(io.BytesIO(files[f"data/facts/{kind}.parquet"])).num_rows == len(rows)
    scores = [float(row["score"]) for row in rows_of(files["data/facts/inference.predictions.csv"])]
    assert sorted(scores) == sorted(number * 37 % 100 / 100 for number in range(1, 25))


def test_the_dictionary_names_every_column_there_is(files):
    said = json.loads(files["data/dictionary.json"])["tables"]
    for table in said:
        header = next(csv.reader(io.StringIO(files[table["csv"]].decode(), newline="")))
        assert header == [each["name"] for each in table["columns"]]
        assert pq.read_schema(io.BytesIO(files[table["parquet"]])).names == header
        assert all(each["meaning"].endswith(".") for each in table["columns"])
    written = {name for name in files if name.endswith(".csv")}
    assert written == {each["csv"] for each in said}


@pytest.mark.parametrize("kind", FACTS)
def test_the_dictionary_has_room_for_all_that_an_entry_may_say(kind):
    table = next(each for each in tables() if each.name == kind)
    known = {each.name for each in table.columns}
    assert {name.removesuffix("_id") for name in FACTS[kind].PAYLOAD} | {"known_at", "flags"} <= known
    parts = next(each for each in tables() if each.name == "inference.predictions")
    assert set(PREDICTION_PAYLOAD) <= {each.name for each in parts.columns}


# 2. Documents.


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_pdf_a_2b_with_its_fonts_and_says_its_title_and_pages(files, name):
    twin, pdf = json.loads(files[f"data/documents/{name}.json"]), Pdf(files[f"data/documents/{name}.pdf"])
    assert re.search(r"pdfaid:part>2<", pdf.metadata) and re.search(r"pdfaid:conformance>B<", pdf.metadata)
    assert twin["title"] in pdf.metadata
    assert all({"/FontFile2", "/FontFile3"} & set(descriptor_of(font)) for font in pdf.fonts())
    text = pdf.text()
    assert f"Page 1 of {len(pdf.pages())}" in text and twin["package"] in text
    assert twin["verifier_sha256"] == verifier_digest() and verifier_digest() in text
    assert all(each["fingerprint"] in text for each in twin["keys"])


def test_the_report_on_paper_has_the_figures_of_the_package(files):
    twin, figures = json.loads(files["data/documents/report.json"]), json.loads(files["data/figures.json"])
    assert twin["sets"] == figures["sets"] and twin["counts"]["cases"] == 48
    assert len(figures["made_with"]["code_sha256"]) == 64 and figures["parameters"]["level"] == 0.95
    text = Pdf(files["data/documents/report.pdf"]).text()
    stated = [each for block in figures["sets"] for each in block["estimates"] if "value" in each]
    assert stated
    for each in stated:
        assert f"{each['value']:.4f}" in text, each
    assert "none recorded" in text


def test_the_software_is_listed_with_licences_and_the_hashes_of_its_pins(files):
    said = {each["name"]: each for each in json.loads(files["data/software.json"])["soup"]}
    assert said["django"]["pinned"] and said["django"]["licence"].startswith("BSD")
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in said["django"]["sha256"])


def test_rules_in_force_have_their_dates(files):
    rules = json.loads(files["data/rules.json"])
    (configuration,) = rules["configurations"]
    assert configuration["starts_at"].startswith("2025-12-31T23:00") and configuration["ends_at"] is None
    assert rules["truth_rules"][0]["key"] == "default" and rules["sites"][0]["purpose_rules"]


def test_a_letter_without_a_glyph_stands_as_its_code_point():
    assert without_strange_letters("Münster 東 Ω") == "Münster [U+6771] Ω"


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]


def test_the_start_page_needs_no_script_and_every_link_leads_into_the_package(files):
    page = Links()
    page.feed(files["data/index.html"].decode())
    assert "script" not in page.tags and "style" not in page.tags
    for link in page.links:
        name = link.removeprefix("../") if link.startswith("../") else f"data/{link}"
        assert name in files, link
    assert "data/index.html" in files["index.html"].decode()


# 3. Other forms.


def test_a_run_as_dicom_is_read_by_highdicom_and_by_ourselves(files):
    name = next(each for each in files if each.endswith(".dcm"))
    assert srread(io.BytesIO(files[name])).content.get_image_measurement_groups() is not None
    said = read_result(dcmread(io.BytesIO(files[name])), name=name).said[0]
    place = int(name.rpartition("-")[2].removesuffix(".dcm"))
    row = next(
        each for each in rows_of(files["data/facts/inference.predictions.csv"]) if int(each["position"]) == place
    )
    assert (said.finding.value, said.decision, said.score) == ("427359005", row["decision"], float(row["score"]))


def test_every_run_as_fhir_is_an_observation(files):
    lines = files["data/renditions/fhir/Observation.ndjson"].splitlines()
    assert len(lines) == 24
    for line in lines:
        Observation.model_validate_json(line)


# 4. Nobody's name.


def test_no_planted_identifier_is_anywhere_in_the_package(files):
    planted = [f"1.2.826.0.1.{n}".encode() for n in range(1, 25)] + [b'"P7"', b'"A7"', b",P7,", b",A7,", b"run-7"]
    for name, data in files.items():
        if name.endswith(".parquet"):
            data = json.dumps(pq.read_table(io.BytesIO(data)).to_pylist(), default=plain).encode()
        if not name.endswith(".pdf"):
            assert not [each for each in planted if each in data], name
    options = {each["code"] for each in json.loads(files["data/deidentification.json"])["options"]}
    assert {"113100", "113106"} <= options and "113107" not in options


def test_it_verifies(sealed):
    code, said = sealed.check()
    assert code == 0, said
