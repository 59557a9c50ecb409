"""What must hold for any facts of a study: nothing is lost, nothing counts twice, the order of arrival is nothing."""

from dataclasses import replace
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.cases.facts import AsOf
from tests.monitoring.cases import stories
from tests.monitoring.cases.stories import OTHER, PERSON, STUDY, at, cases_of, correction, read, run, says, shown, truth

SIDES = stories.settings(regions=("L", "R"), findings=("nodule", "mass"))
hours = st.integers(min_value=1, max_value=300)
regions = st.sampled_from(("", "L", "R", "X"))
findings = st.sampled_from(("nodule", "mass", "fracture"))
values = st.sampled_from(("positive", "negative", "indeterminate"))


@st.composite
def runs(draw, pk):
    parts = draw(st.dictionaries(st.tuples(findings, regions), st.floats(0, 1), max_size=4))
    return run(
        pk,
        hours=draw(hours),
        predictions=tuple(says(score, finding=name, region=region) for (name, region), score in parts.items()),
        status=draw(st.sampled_from(("ok", "ok", "partial", "failed"))),
        purpose=draw(st.sampled_from(("clinical", "clinical", "phantom_qa"))),
        flags=draw(st.sampled_from((frozenset(), frozenset({"unregistered_version"})))),
    )


def some(fact, letter, **parts):
    """Draw up to four facts, numbered, each perhaps amending another."""

    @st.composite
    def drawn(draw):
        count = draw(st.integers(0, 4))
        amended = [draw(st.none() | st.integers(1, 4)) for _ in range(count)]
        return tuple(
            fact(
                pk,
                hours=draw(hours),
                amends=f"{letter}-{other}" if other and other != pk else "",
                **{name: draw(strategy) for name, strategy in parts.items()},
            )
            for pk, other in enumerate(amended, start=1)
        )

    return drawn()


@st.composite
def studies(draw):
    return stories.study(
        runs=tuple(draw(runs(pk)) for pk in range(1, draw(st.integers(1, 4)) + 1)),
        events=tuple(shown(draw(st.integers(1, 4)), draw(hours)) for _ in range(draw(st.integers(0, 3)))),
        reads=draw(some(read, "read", decision=values, region=regions, stage=st.sampled_from(("first", "final")))),
        truths=draw(
            some(truth, "truth", value=values, region=regions, standard=st.sampled_from(("pathology", "panel")))
        ),
        corrections=draw(
            some(
                correction,
                "correction",
                kind=st.sampled_from(("merge", "unmerge", "opted_out", "study_cancelled")),
                person=st.sampled_from((PERSON, OTHER)),
                other=st.sampled_from((PERSON, OTHER)),
                study=st.sampled_from((STUDY, None)),
            )
        ),
    )


@given(facts=studies())
@settings(max_examples=150, deadline=None)
def test_every_prediction_and_every_missing_one_is_one_case(facts):
    cases = cases_of(facts, with_settings=SIDES)

    logged = [(each.id, said.finding, said.region) for each in facts.runs for said in each.predictions]
    for each in facts.runs:
        missing = {"nodule", "mass"} - {said.finding for said in each.predictions}
        logged.extend((each.id, finding, "") for finding in missing)
    assert sorted((case.inference_id, case.finding, case.region) for case in cases) == sorted(logged)


@given(facts=studies())
@settings(max_examples=150, deadline=None)
def test_at_most_one_run_counts_for_a_finding_and_region(facts):
    counted = [case for case in cases_of(facts, with_settings=SIDES) if not case.excluded]

    keys = sorted((case.finding, case.region) for case in counted)
    assert all(len(list(group)) == 1 for _, group in groupby(keys))


@given(facts=studies(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_the_order_of_arrival_makes_no_difference(facts, data):
    shuffled = replace(
        facts,
        **{
            name: tuple(data.draw(st.permutations(getattr(facts, name))))
            for name in ("runs", "events", "reads", "truths", "corrections")
        },
    )

    def key(case):
        return (case.inference_id, case.finding, case.region)

    assert sorted(cases_of(shuffled, with_settings=SIDES), key=key) == sorted(
        cases_of(facts, with_settings=SIDES), key=key
    )


@given(facts=studies(), moment=hours)
@settings(max_examples=150, deadline=None)
def test_the_past_is_what_only_the_facts_of_then_give(facts, moment):
    then = AsOf(at=at(moment))
    kept = {
        name: tuple(each for each in getattr(facts, name) if then.knows(each))
        for name in ("runs", "events", "reads", "truths", "corrections")
    }

    assert cases_of(facts, as_of=then, with_settings=SIDES) == cases_of(replace(facts, **kept), with_settings=SIDES)


@given(facts=studies())
@settings(max_examples=100, deadline=None)
def test_the_far_future_knows_what_is_known_now(facts):
    assert cases_of(facts, as_of=AsOf(at=at(10_000)), with_settings=SIDES) == cases_of(facts, with_settings=SIDES)
