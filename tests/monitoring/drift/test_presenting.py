"""What a recipient of sums reads of the drift page: no share that tells a small count."""

from monitoring.drift.presenting import _counts, _share


def test_a_share_that_tells_a_small_count_is_hidden():
    assert _share(3, 200, least=11) == "hidden"
    assert _share(197, 200, least=11) == "hidden"
    assert _share(60, 200, least=11).startswith("30 %")
    assert _share(3, 200, least=0).startswith("2 %")


def test_a_lone_small_group_is_not_told_by_the_others():
    assert _counts(["F", "M", "O"], [90, 60, 4], least=11) == "F: 58 %, M: hidden, O: hidden"
    assert _counts(["F", "M"], [90, 60], least=11) == "F: 60 %, M: 40 %"
