"""The public chest radiographs as files that a hospital would send: scores of a network, and labels as truth.

Scores are from `chexnet-nih`, labels and patients from torchxrayvision's NIH
table, which is found without importing that package. Dates are made up.
"""

import gzip
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pandas as pd
from django.core.management import call_command

from tests.acceptance.commands import imported, registered

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "chexnet-nih"
FIRST_DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAYS = 90
FINDINGS = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
)  # fmt: skip


def key_of(finding: str) -> str:
    return finding.lower()


def label_table() -> Path | None:
    """Return torchxrayvision's NIH table, or None where it is not installed."""
    found = find_spec("torchxrayvision")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "data" / "Data_Entry_2017_v2020.csv.gz"
    return path if path.exists() else None


def all_films() -> pd.DataFrame:
    """Return the 22,433 films with scores, labels and patients."""
    with gzip.open(DATA / "preds.csv.gz", "rt") as scores, gzip.open(str(label_table()), "rt") as labels:
        return pd.read_csv(scores).merge(pd.read_csv(labels), on="Image Index", validate="one_to_one")


def starter_films() -> pd.DataFrame:
    """Return the 621 films of the starter set, one of each patient."""
    return pd.read_csv(DATA / "starter_labels_scores.csv")


def published_areas() -> dict[str, float]:
    table = pd.read_csv(DATA / "aucs.csv")
    return {key_of(name): value for name, value in zip(table.iloc[:, -2], table.iloc[:, -1], strict=True)}


def acquired(films: pd.DataFrame) -> list[str]:
    return [(FIRST_DAY + timedelta(days=place % DAYS, minutes=place % 480)).isoformat() for place in range(len(films))]


def studies(films: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that describe each film's study."""
    return pd.DataFrame(
        {
            "study.study_uid": films["Image Index"],
            "study.patient_id": films["Patient ID"].astype(str),
            "study.modality": "DX",
            "study.acquired_at": acquired(films),
            "study.patient_age_years": films["Patient Age"].where(films["Patient Age"] <= 120).astype(float),
            "study.patient_sex": films["Patient Gender"],
            "acquisition.view_position": films["View Position"],
        }
    )


def inference_table(films: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each film and finding, rows of one film together."""
    base = studies(films)
    base.insert(0, "inference_uid", "run-" + films["Image Index"])
    base.insert(1, "version", "1.0")
    base.insert(2, "status", "ok")
    parts = [base.assign(finding=key_of(each), score=films[f"prob_{each}"]) for each in FINDINGS]
    return pd.concat(parts).sort_index(kind="stable")


def truth_table(films: pd.DataFrame) -> pd.DataFrame:
    """Return the label of each film and finding, as a report labeller's truth."""
    named = films["Finding Labels"].str.split("|").map(set)
    parts = [
        pd.DataFrame(
            {
                "study_uid": films["Image Index"],
                "finding": key_of(each),
                "value": named.map(lambda labels, each=each: "positive" if each in labels else "negative"),
                "standard": "report_labeller",
                "determined_at": acquired(films),
            }
        )
        for each in FINDINGS
    ]
    return pd.concat(parts).sort_index(kind="stable")


def registry() -> str:
    concepts = "\n".join(f"  - {{key: {key_of(each)}, name: {each}}}" for each in FINDINGS)
    findings = ", ".join(
        f"{{key: {key_of(each)}, concept: {key_of(each)}, kind: binary, scale: probability}}" for each in FINDINGS
    )
    thresholds = ", ".join(f"{key_of(each)}: 0.5" for each in FINDINGS)
    return f"""
organisations:
  - {{key: clinic, kind: provider, name: Clinical Center, country: US}}
  - {{key: authors, kind: manufacturer, name: Authors, country: US}}
sites: [{{key: bethesda, organisation: clinic, name: Bethesda, country: US, timezone: America/New_York}}]
concepts:
{concepts}
products:
  - key: chexnet
    name: CheXNet
    manufacturer: authors
    dimensions: [view_position]
    findings: [{findings}]
    versions: [{{version: "1.0", thresholds: {{{thresholds}}}}}]
deployments:
  - {{key: chexnet-bethesda, product: chexnet, site: bethesda, version: "1.0", role: second_reader, from: 2026-01-01}}
"""


def import_films(films: pd.DataFrame, *, folder: Path) -> None:
    """Register the network, import scores and labels, and catch up."""
    registered(registry(), folder=folder)
    imported(
        "import_inferences",
        inference_table(films),
        folder=folder,
        name="inferences.parquet",
        deployment="chexnet-bethesda",
    )
    imported("import_truth", truth_table(films), folder=folder, name="truth.csv", site="bethesda")
    call_command("catch_up", stdout=StringIO())
