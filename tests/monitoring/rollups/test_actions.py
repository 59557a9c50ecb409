"""The follower: whatever comes in whatever order, cases and sums are those that the facts give."""

import random

import pytest

from audit.log.sequencing import sequence
from monitoring.cases.models import Case
from monitoring.rollups import actions
from monitoring.rollups.actions import follow, rebuild
from monitoring.rollups.binning import DESIGN
from monitoring.rollups.columns import DECISION_AT, STATES, TRUTH_AT
from monitoring.rollups.models import Cursor, MonthSum
from monitoring.rollups.queries import Wanted, months_with_cases
from monitoring.rollups.summing import counts_from
from tests.factories import NOON, inference_row, make_network, send, truth_row
from tests.monitoring.rollups.random_stories import tell

pytestmark = pytest.mark.django_db


SUMS = (
    "deployment_id", "version", "finding", "rule", "month", "cases", "excluded", "labels", "codes", "scores", "persons",
    "slices", "tallies", "bins", "buckets",
)  # fmt: skip


def sums() -> dict:
    rows = MonthSum.objects.values_list(*SUMS)
    return {
        row[:5]: tuple(bytes(value) if isinstance(value, memoryview) else value for value in row[5:]) for row in rows
    }


def left_out(row: MonthSum) -> int:
    return sum(sum(by_day.values()) for by_day in row.excluded.values())


def logged() -> int:
    return sum(row.cases + left_out(row) for row in MonthSum.objects.all())


def cases() -> set:
    rows = Case.objects.values_list(
        "rule", "inference_id", "finding", "region", "person_id", "excluded", "truth", "truth_id", "reader_decision",
        "read_id", "acquired_on",
    )  # fmt: skip
    return set(rows)


def caught_up(now=NOON) -> int:
    sequence(now=now)
    return follow(now=now)


@pytest.mark.parametrize("seed", range(3))
def test_a_rebuild_gives_what_following_gave(seed):
    make_network()
    draw = random.Random(seed)
    for part in range(4):
        caught_up(now=tell(draw, facts=12, first=12 * part))
    followed = (cases(), sums())

    rebuild()

    assert (cases(), sums()) == followed
    assert Case.objects.count() > 8


@pytest.mark.parametrize("seed", [11, 12])
def test_small_batches_give_what_one_batch_gives(seed, monkeypatch):
    make_network()
    tell(random.Random(seed), facts=40)
    caught_up()
    at_once = (cases(), sums())

    monkeypatch.setattr(actions, "BATCH_ENTRIES", 7)
    monkeypatch.setattr(actions, "CHUNK_STUDIES", 2)
    rebuild()

    assert (cases(), sums()) == at_once


@pytest.mark.parametrize("seed", [21])
def test_sums_count_every_case_once(seed):
    make_network()
    tell(random.Random(seed), facts=40)
    caught_up()

    months = MonthSum.objects.all()

    assert logged() == Case.objects.count()
    assert sum(map(left_out, months)) == Case.objects.exclude(excluded="").count()
    for row in months:
        assert counts_from(bytes(row.tallies))["cases"].sum() == row.cases
        assert counts_from(bytes(row.buckets))["cases"].sum() == row.cases


def test_following_twice_changes_nothing():
    make_network()
    send("inferences", inference_row(1))
    assert caught_up() > 0
    before = sums()

    assert caught_up() == 0
    assert sums() == before


def test_a_cut_fold_leaves_cursor_and_sums_where_they_were(monkeypatch):
    make_network()
    caught_up()
    send("inferences", inference_row(1))
    cursors = set(Cursor.objects.values_list("organisation", "position"))

    def broken(delta, **options):
        raise RuntimeError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(actions, "add_to_sums", broken)
        with pytest.raises(RuntimeError, match="power"):
            caught_up()
    assert set(Cursor.objects.values_list("organisation", "position")) == cursors
    assert not Case.objects.exists()

    caught_up()
    assert logged() == 2


def states() -> tuple[str, str, float]:
    (month,) = months_with_cases(Wanted(deployments=["cxr-north"], findings=["nodule"]))
    (code,), (score,) = month.columns.codes.tolist(), month.columns.scores.tolist()
    return STATES[code >> TRUTH_AT & 7], STATES[code >> DECISION_AT & 7], score


def test_a_late_truth_moves_its_case_to_another_cell():
    make_network()
    send("inferences", inference_row(1, score=0.83))
    caught_up()
    before = states()

    send("truth", truth_row(1))
    caught_up()

    assert before == ("", "positive", 0.83)
    assert states() == ("positive", "positive", 0.83)


def test_sums_of_another_design_are_made_again_by_the_follower_itself():
    make_network()
    send("inferences", inference_row(1))
    caught_up()
    right = sums()
    MonthSum.objects.all().delete()
    Cursor.objects.update(design=1)

    assert caught_up() == 0

    assert sums() == right
    assert set(Cursor.objects.values_list("design", flat=True)) == {DESIGN}


def test_a_claim_under_another_rule_brings_its_cases():
    make_network()
    send("inferences", inference_row(1))
    send("truth", truth_row(1, standard="report_human"))
    caught_up()

    from inference.registry.actions import register

    register(text=STRICT, actor="test", now=NOON)
    caught_up()

    found = {case.rule: case.truth for case in Case.objects.filter(finding="nodule", deployment_id="cxr-north")}
    assert found == {"default": "positive", "strict": ""}


STRICT = """
truth_rules: [{key: strict, minimum_certainty: definite, standards: [pathology]}]
products:
  - key: cxr
    claims: [{finding: nodule, metric: sensitivity, value: 0.9, unit: study, market: US, truth_rule: strict}]
"""
