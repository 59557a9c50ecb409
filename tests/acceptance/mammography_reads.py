"""The VIPER mammography reads as files that a hospital would send.

A study is case × modality, the case is the patient; dates are made up and
marked backfilled through `known_at`. Cancer status at 365 days is the first
truth, that at 455 days amends it where it differs.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "viper" / "viperObs.csv"
SCREENED = datetime(2014, 3, 3, 9, tzinfo=UTC)
FIRST_TRUTH = SCREENED + timedelta(days=365)
SECOND_TRUTH = SCREENED + timedelta(days=455)

REGISTRY = """
organisations: [{key: trial, kind: provider, name: Reader study, country: US}]
sites: [{key: screening, organisation: trial, name: Screening centre, country: US, timezone: America/New_York}]
concepts: [{key: cancer, name: Breast cancer}]
"""


def observations() -> pd.DataFrame:
    table = pd.read_csv(DATA)
    return table.assign(study=table["caseID"].astype(str) + "-" + table["modalityID"])


def read_table(reads: pd.DataFrame) -> pd.DataFrame:
    """Return every read; one reader may read a study in several sub-studies, which are sessions."""
    at = [(SCREENED + timedelta(days=30, minutes=place)).isoformat() for place in range(len(reads))]
    return pd.DataFrame(
        {
            "study_uid": reads["study"],
            "study.patient_id": reads["caseID"].astype(str),
            "study.modality": "MG",
            "study.acquired_at": SCREENED.isoformat(),
            "finding": "cancer",
            "reader": reads["readerID"],
            "session": reads["subStudyLabel"],
            "stage": "first",
            "ai_exposure": "none",
            "decision": reads["recall"].map({1: "positive", 2: "negative"}),
            "confidence": reads["score"].astype(float),
            "read_at": at,
            "known_at": at,
        }
    )


def truth_table(reads: pd.DataFrame) -> pd.DataFrame:
    """Return the status at 365 days of every study, then what 455 days changed."""
    studies = reads.drop_duplicates("study")
    first = one_truth(studies, status="cancerStatus365", determined=FIRST_TRUTH)
    changed = studies[studies["cancerStatus365"] != studies["cancerStatus455"]]
    second = one_truth(changed, status="cancerStatus455", determined=SECOND_TRUTH)
    return pd.concat([first, second.assign(amends=second["truth_uid"].str.replace("455", "365"))])


def one_truth(studies: pd.DataFrame, *, status: str, determined: datetime) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "truth_uid": studies["study"] + "-" + status[-3:],
            "study_uid": studies["study"],
            "finding": "cancer",
            "value": studies[status].map({1: "positive", 0: "negative"}),
            "standard": "follow_up",
            "observed_until": determined.isoformat(),
            "determined_at": determined.isoformat(),
            "known_at": determined.isoformat(),
        }
    )
