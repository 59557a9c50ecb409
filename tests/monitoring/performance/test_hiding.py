"""What a recipient of aggregates may see: no count from 1 to below the minimum, and none that others would tell."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitoring.performance.hiding import hide_small_cells, told_by
from monitoring.performance.questions import EstimateSet, Figure, Question
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import Estimate

QUESTION = Question(product="cxr", finding="nodule", by="site")


def rate(metric, hits, cases, *, site="", positives=None):
    slice = {"site": site} if site else {}
    outcome = wilson(hits, cases)
    return Figure(metric=metric, slice=slice, outcome=outcome, positives=cases if positives is None else positives)


def answer(*figures, excluded=None):
    return EstimateSet(question=QUESTION, excluded=excluded or {}, figures=figures)


def seen(found):
    return {(each.slice.get("site", ""), each.metric) for each in found.figures if each.is_estimated}


def test_a_small_count_is_hidden_with_the_rates_that_would_tell_it():
    found = hide_small_cells(
        answer(rate("sensitivity", 5, 40), rate("specificity", 300, 320, positives=0), rate("flag_rate", 100, 400)),
        minimum_count=11,
    )

    assert seen(found) == {("", "flag_rate")}
    assert found.hidden


def test_failures_count_as_much_as_successes():
    assert seen(hide_small_cells(answer(rate("sensitivity", 38, 40)), minimum_count=11)) == set()


def test_a_lone_hidden_slice_takes_the_smallest_other_with_it():
    figures = [rate("flag_rate", hits, 2 * hits, site=site) for site, hits in (("a", 5), ("b", 50), ("c", 500))]

    assert seen(hide_small_cells(answer(*figures), minimum_count=11)) == {("c", "flag_rate")}


def test_two_hidden_slices_do_not_tell_each_other():
    figures = [rate("flag_rate", hits, 2 * hits, site=site) for site, hits in (("a", 5), ("b", 6), ("c", 500))]

    assert seen(hide_small_cells(answer(*figures), minimum_count=11)) == {("c", "flag_rate")}


def test_small_exclusions_that_are_few_together_take_a_third_and_no_empty_one():
    excluded = {"status_failed": 3, "no_version": 2, "mode_shadow": 40, "duplicate": 0, "phantom": 90}

    found = hide_small_cells(answer(rate("flag_rate", 100, 200), excluded=excluded), minimum_count=11)

    assert found.excluded == {"duplicate": 0, "phantom": 90}


def test_small_exclusions_and_standards_are_hidden_and_never_alone():
    figure = replace(rate("flag_rate", 100, 200), reference={"pathology": 4, "panel": 20, "registry": 300})

    found = hide_small_cells(answer(figure, excluded={"status_failed": 3, "mode_shadow": 40}), minimum_count=11)

    assert found.excluded == {}
    assert found.figures[0].reference == {"registry": 300}


def test_without_a_minimum_nothing_is_hidden():
    whole = answer(rate("sensitivity", 1, 2))

    assert hide_small_cells(whole, minimum_count=0) is whole


counts = st.integers(1, 60)


@given(
    parts=st.dictionaries(st.sampled_from("abcd"), st.tuples(counts, counts), min_size=2),
    minimum=st.integers(2, 15),
)
def test_what_is_seen_tells_no_small_count(parts, minimum):
    figures = [rate("flag_rate", min(pair), sum(pair), site=site) for site, pair in parts.items()]

    found = hide_small_cells(answer(*figures), minimum_count=minimum)

    shown = [each for each in found.figures if isinstance(each.outcome, Estimate)]
    assert all(not 0 < number < minimum for each in shown for number in told_by(each))
    assert len(parts) - len(shown) != 1


def test_a_mean_of_counts_that_tells_a_small_count_is_hidden():
    few, many = rate("false_marks_per_case", 5, 100, positives=50), rate("false_marks_per_case", 50, 100, positives=50)

    assert seen(hide_small_cells(answer(few), minimum_count=11)) == set()
    assert seen(hide_small_cells(answer(many), minimum_count=11)) == {("", "false_marks_per_case")}


def test_a_small_class_hides_the_rates_of_its_slice():
    found = hide_small_cells(
        answer(
            rate("sensitivity[melanoma]", 3, 6), rate("accuracy", 180, 200, positives=0), rate("flag_rate", 90, 200)
        ),
        minimum_count=11,
    )

    assert seen(found) == {("", "flag_rate")}
