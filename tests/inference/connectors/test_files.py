import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inference.connectors.files import Progress, read_rows
from inference.connectors.kinds import KINDS
from inference.errors import UnreadableFileError

INFERENCE, TRUTH = KINDS["inferences"], KINDS["truth"]

FLAT = [
    {
        "inference_uid": "a",
        "study.study_uid": "1.2.3",
        "study.patient_age_years": 62,
        "acquisition.kvp": 120,
        "covariates.smoker": True,
        "finding": "nodule",
        "score": 0.25,
        "marks": [{"x": 1, "y": 2}],
    },
    {
        "inference_uid": "a",
        "study.study_uid": "1.2.3",
        "study.patient_age_years": 62,
        "acquisition.kvp": 120,
        "covariates.smoker": True,
        "finding": "effusion",
        "score": 0.75,
    },
    {"inference_uid": "b", "study.study_uid": "1.2.4"},
]
NESTED = [
    {
        "inference_uid": "a",
        "study": {"study_uid": "1.2.3", "patient_age_years": 62},
        "acquisition": {"kvp": 120},
        "covariates": {"smoker": True},
        "predictions": [
            {"finding": "nodule", "score": 0.25, "marks": [{"x": 1, "y": 2}]},
            {"finding": "effusion", "score": 0.75},
        ],
    },
    {"inference_uid": "b", "study": {"study_uid": "1.2.4"}},
]


def write_csv(path, rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()}
            )
    return path


def write_parquet(path, rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
    return path


def write_ndjson(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def values(path, kind=INFERENCE):
    return [row.value for row in read_rows(path, kind)]


def test_csv_parquet_and_ndjson_say_the_same(tmp_path):
    assert values(write_csv(tmp_path / "rows.csv", FLAT)) == NESTED
    assert values(write_parquet(tmp_path / "rows.parquet", FLAT)) == NESTED
    assert values(write_ndjson(tmp_path / "rows.ndjson", NESTED)) == NESTED


def test_rows_of_a_run_need_not_stand_together(tmp_path):
    rows = values(write_csv(tmp_path / "rows.csv", [FLAT[0], FLAT[2], FLAT[1]]))

    assert rows == NESTED


def test_a_row_with_an_empty_finding_is_a_run_without_prediction(tmp_path):
    (row,) = values(write_csv(tmp_path / "rows.csv", [{"inference_uid": "b", "finding": "", "score": ""}]))

    assert row == {"inference_uid": "b"}


def test_other_text_in_the_field_of_a_number_names_row_and_field(tmp_path):
    path = write_csv(tmp_path / "rows.csv", [FLAT[2] | {"score": 0.5, "finding": "x"}, FLAT[0] | {"score": "NA"}])

    first, second = read_rows(path, INFERENCE)

    assert (first.problem, second.number, second.problem_field) == ("", 2, "score")
    assert second.value["predictions"][0]["score"] == "NA"


def test_rows_of_a_run_that_disagree_are_not_understood(tmp_path):
    path = write_csv(tmp_path / "rows.csv", [FLAT[0], FLAT[1] | {"study.study_uid": "9"}])

    (row,) = read_rows(path, INFERENCE)

    assert (row.number, row.problem_field) == (2, "study")


def test_a_row_with_too_many_cells_does_not_stop_the_next(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("study_uid,finding\n1,nodule,oops\n2,nodule\n")

    first, second = read_rows(path, TRUTH)

    assert first.problem == "has 3 cells where the header has 2"
    assert second.value == {"study_uid": "2", "finding": "nodule"}


def test_dots_reach_into_the_attributes_of_a_truth(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("study_uid;attributes.size_mm;attributes.stage\n1;12.5;IIa\n")

    assert values(path, TRUTH) == [{"study_uid": "1", "attributes": {"size_mm": 12.5, "stage": "IIa"}}]


def test_a_broken_line_carries_its_number_and_the_next_goes_on(tmp_path):
    path = tmp_path / "rows.ndjson"
    path.write_bytes(b'{"a": 1}\n\n{"a": \n{"a": 2}\n')

    rows = list(read_rows(path, TRUTH))

    assert [row.number for row in rows] == [1, 3, 4]
    assert rows[1].problem.startswith("is not JSON")
    assert rows[1].raw == b'{"a":'


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.txt", b"x"), ("a.csv", b""), ("a.csv", b"a,a\n1,2\n"), ("a.parquet", b"PAR1"), ("a.csv.gz", b"no")],
)
def test_a_file_that_cannot_be_read_says_so(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(UnreadableFileError, match=path.name):
        list(read_rows(path, TRUTH))


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(UnreadableFileError, match="No such file"):
        list(read_rows(tmp_path / "none.csv", TRUTH))


def test_text_that_is_not_utf8_costs_its_row_alone(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("study_uid,reader\n1,Müller\n".encode("latin-1"))

    (row,) = read_rows(path, TRUTH)

    assert row.value["reader"] == "M\udcfcller"


def test_progress_reaches_the_total(tmp_path):
    for path in (
        write_csv(tmp_path / "rows.csv", FLAT),
        write_parquet(tmp_path / "rows.parquet", FLAT),
        write_ndjson(tmp_path / "rows.ndjson", NESTED),
    ):
        progress = Progress()
        list(read_rows(path, INFERENCE, progress))
        assert progress.done == progress.total > 0
