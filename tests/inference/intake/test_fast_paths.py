"""What is done many rows at a time says the same as what is done row by row, byte for byte."""

import hmac
import json
import random
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.apps import apps
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.log import actions as log_actions
from inference.connectors import files
from inference.connectors.kinds import KINDS
from inference.intake import checking
from inference.intake.described import PARTS, remembering
from inference.intake.models import SetAside
from inference.studies import identities, pseudonyms
from inference.studies.pseudonyms import Mac, hmac_of, keyring_of
from tests.factories import inference_row, make_network, read_row, send, study_part

TABLES = (
    "audit.Entry", "audit.Act", "inference.Person", "inference.Study", "inference.Link", "inference.Inference",
    "inference.Prediction", "inference.Read",
)  # fmt: skip


@given(key=st.binary(min_size=1, max_size=100), message=st.binary(max_size=300))
def test_a_key_hashed_once_gives_what_rfc_2104_gives(key, message):
    assert Mac(key).of(message) == hmac.digest(key, message, "sha256")


@given(key=st.binary(max_size=64), message=st.binary(max_size=300))
def test_a_key_of_one_block_gives_what_rfc_2104_gives(key, message):
    assert hmac_of(message, key=key) == hmac.digest(key, message, "sha256")


@settings(max_examples=100, deadline=None)
@given(
    part=st.sampled_from(["study", "scanner", "acquisition"]),
    values=st.lists(st.sampled_from(["DX", "F", "f", "", None, 1, 1.0, True, "2026-03-02", "x" * 99, "é"]), max_size=6),
    data=st.data(),
)
def test_a_text_understood_before_is_understood_the_same(part, values, data):
    names = data.draw(st.lists(st.sampled_from([*PARTS[part], "other"]), min_size=len(values), max_size=len(values)))
    parsers, said = remembering(), dict(zip(names, values, strict=True))

    def answer(known):
        unknown = []
        try:
            return checking.check_part(part, said, unknown=unknown, parsers=known), unknown
        except checking.RowError as problem:
            return problem.field, problem.reason

    assert answer(parsers) == answer(parsers) == answer(PARTS)


def mixed_rows(chance):
    """Return good rows, odd ones, broken ones, repeats and contradictions, in any order."""
    rows = []
    for number in range(90):
        patient, uid = f"P{number // 3}", chance.choice([number, number // 2])
        study = study_part(uid, patient_id=patient, accession_number=f"A{number // 2}")
        over = chance.choice([
            {}, {}, {}, {"version": "9"}, {"status": "lost"}, {"covariates": {"smoker": True, "x": 1}}, {"odd": 1},
            {"study": study | {"patient_age_years": 62.5, "operator": "T7"}}, {"study": {}},
            {"study": study | {"acquired_at": "noon"}},
            {"predictions": [{"finding": "nodule", "score": 1}, {"finding": "effusion", "score": 0.0, "region": "é"}]},
            {"predictions": [{"finding": "nodule"}] * 2}, {"scanner": 7}, {"started_at": "2026-03-02 08:00"},
            {"inputs": [{"kind": "dicom", "sop_instance_uid": f"1.9.{number}", "series_uid": "1.9"}]},
            {"predictions": []},
        ])  # fmt: skip
        rows.append(inference_row(chance.choice([number, 7]), score=chance.random()) | {"study": study} | over)
    return rows


def contents():
    return {name: sorted(map(str, apps.get_model(name).objects.values_list(*columns_of(name)))) for name in TABLES} | {
        "set aside": sorted(SetAside.objects.values_list("outcome", "field", "reason", "digest", "row"))
    }


def columns_of(name):
    fields = apps.get_model(name)._meta.concrete_fields
    return [each.attname for each in fields if each.attname not in {"id", "entry_id", "inference_id", "position"}]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_many_rows_copied_in_leave_what_the_same_rows_inserted_leave(monkeypatch, seed):
    make_network()
    keyring_of("north-group")  # its keys are drawn on first use
    rows = mixed_rows(random.Random(seed))
    found = []
    for from_count in (1, 10**9):
        monkeypatch.setattr(log_actions, "COPIED_FROM", from_count)
        monkeypatch.setattr(identities, "COPIED_FROM", from_count)
        draw = random.Random(seed)
        monkeypatch.setattr(identities.secrets, "token_bytes", draw.randbytes)
        with transaction.atomic():
            reads = send("reads", *[read_row(number) for number in range(0, 90, 4)])
            runs = send("inferences", *rows) + send("inferences", *rows[::-1])
            found.append((reads, runs, contents()))
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert {"stored", "stored_flagged", "duplicate", "quarantined"} <= {each.status for each in found[0][1]}


@settings(max_examples=60, deadline=None)
@given(data=st.data(), count=st.integers(1, 6))
def test_a_table_read_by_its_layout_gives_the_rows_that_its_cells_give(tmp_path_factory, data, count):
    cells = {
        "inference_uid": st.sampled_from(["r1", "r2", "r3", ""]), "version": st.sampled_from(["1.0", None]),
        "study.study_uid": st.just("1.2"), "study.patient_age_years": st.sampled_from([62.0, None]),
        "kvp.x": st.just("y"),
        "finding": st.sampled_from(["nodule", ""]), "score": st.sampled_from([0.5, 1.0]), "threshold": st.just("0.5"),
        "acquisition.kvp": st.integers(1, 3), "study": st.just("s"), "covariates.smoker": st.booleans(),
    }  # fmt: skip
    chosen = data.draw(st.lists(st.sampled_from(sorted(cells)), unique=True, min_size=1))
    table = {name: data.draw(st.lists(cells[name], min_size=count, max_size=count)) for name in chosen}
    path = tmp_path_factory.mktemp("tables") / "t.parquet"
    pq.write_table(pa.table(table), path)
    by_layout = list(files.read_rows(path, KINDS["inferences"]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "layout_of", lambda columns, are_texts: None)
        by_cells = list(files.read_rows(path, KINDS["inferences"]))
    assert by_layout == by_cells


def test_each_value_is_sealed_under_a_nonce_of_its_own():
    keyring = pseudonyms.Keyring(pseudonym_keys=(b"k" * 32,), vault_keys=(b"v" * 32,))
    sealed = keyring.seal_each([(b"same", "subject")] * 50)
    assert len({each[: pseudonyms.NONCE_BYTES] for each in sealed}) == 50
    assert all(keyring.open(each, subject="subject") == b"same" for each in sealed)


def test_random_ids_are_version_4_and_differ():
    keyring = pseudonyms.Keyring(pseudonym_keys=(b"k" * 32,), vault_keys=(b"v" * 32,))
    store = identities.Identities(organisation="o", keyring=keyring, now=None)
    made = [store.new_id() for _ in range(600)]
    assert len(set(made)) == 600
    assert {(each.version, each.variant) for each in made} == {(4, "specified in RFC 4122")}
    assert len({sha256(json.dumps(str(each)).encode()).digest()[:4] for each in made}) > 590
