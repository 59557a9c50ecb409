"""The reader in the loop beside the AI alone, on the same cases, from the rows that a hospital sends."""

import pytest

from monitoring.performance.beside import ai_and_reader
from monitoring.performance.questions import Question
from monitoring.statistics.results import Estimate, NotEstimable
from tests.factories import inference_row, make_network, read_row, send, truth_row
from tests.monitoring.performance.task_kinds import answer, make_product, run, tell, true
from tests.monitoring.performance.test_estimate_command import estimate, figures

pytestmark = pytest.mark.django_db
CXR = Question(product="cxr", finding="nodule")


@pytest.fixture
def aided():
    """Eight with the finding: the AI misses four of them, the reader with its result in view one of those."""
    make_network()
    send("inferences", *(inference_row(n, score=0.9 if n <= 4 else 0.1) for n in range(1, 9)))
    tell(
        runs=[inference_row(9, score=0.9), inference_row(10, score=0.9)],
        truths=[truth_row(n) for n in range(1, 9)] + [truth_row(9, value="negative")],
        reads=[
            read_row(n, decision="negative" if n == 8 else "positive", ai_exposure="concurrent") for n in range(1, 9)
        ]
        + [read_row(9, decision="negative", ai_exposure="none")],
    )


def test_the_same_cases_are_estimated_for_reader_and_ai(aided):
    asked = ("--product", "cxr", "--finding", "nodule")

    ai, reader = estimate(*asked, "--of", "ai"), estimate(*asked, "--of", "reader")

    assert figures(ai)["sensitivity"] | {"value": 0.5, "cases": 8} == figures(ai)["sensitivity"]
    assert figures(reader)["sensitivity"] | {"value": 7 / 8, "cases": 8} == figures(reader)["sensitivity"]
    assert (figures(ai)["specificity"]["value"], figures(reader)["specificity"]["value"]) == (0.0, 1.0)
    assert ai["excluded"]["no_final_read"] == reader["excluded"]["no_final_read"] == 1
    assert figures(reader)["auc"]["not_estimable"] == "because a read has a decision and no score"


def test_counted_and_left_out_still_add_up_to_everything_logged(aided):
    found = estimate("--product", "cxr", "--finding", "nodule", "--of", "reader")

    assert figures(found)["label_coverage"]["cases"] + sum(found["excluded"].values()) == 10


def test_reads_are_kept_apart_by_what_the_reader_knew(aided):
    found = estimate("--product", "cxr", "--finding", "nodule", "--of", "reader", "--by", "ai_exposure")

    assert {each["slice"]["ai_exposure"] for each in found["estimates"]} == {"concurrent", "none"}


def test_the_pairs_have_a_difference_and_mcnemars_test_by_patient(aided):
    rows = {(each.exposure, each.metric): each for each in ai_and_reader(CXR)}

    with_ai = rows["concurrent", "sensitivity"]
    assert isinstance(with_ai.difference, Estimate)
    assert with_ai.difference.value == pytest.approx(3 / 8)
    assert (with_ai.test.statistic, with_ai.test.discordant) == (3.0, 3)  # 3 and 0: (3 − 0)²/3
    assert isinstance(rows["concurrent", "specificity"].difference, NotEstimable)
    alone = rows["none", "specificity"]
    assert (alone.ai.outcome.value, alone.reader.outcome.value) == (0.0, 1.0)
    assert isinstance(alone.difference, NotEstimable)  # one patient


def test_measurements_are_compared_by_their_errors():
    make_product("measurement", unit='"%"')
    tell(
        runs=[run(n, measurement=50.0 + n) for n in range(1, 7)],
        truths=[true(n, measurement=52.0 + n, unit="%") for n in range(1, 7)],
        reads=[read_row(n, finding="f", decision=None, measurement=51.0 + n + n / 10, unit="%") for n in range(1, 7)],
    )

    row = ai_and_reader(Question(product="task", finding="f"))[0]

    assert row.ai.outcome.value == pytest.approx(2.0)
    assert row.reader.outcome.value == pytest.approx(1 - 0.35)
    assert row.difference.value == pytest.approx(-1.35)
    assert isinstance(row.test, NotEstimable)
    assert answer("--of", "reader")["bias"]["value"] == pytest.approx(-0.65)
