"""A demo and a site never share a home."""

import pytest

from deploy.homes import DEMO, SITE, OtherKindError, check_kind, is_demo_home, mark


def test_an_unmarked_home_takes_either_kind(tmp_path):
    check_kind(tmp_path, wanted=DEMO)
    check_kind(tmp_path, wanted=SITE)
    assert not is_demo_home(tmp_path)


def test_a_home_of_the_other_kind_is_refused_with_a_way_out(tmp_path):
    mark(tmp_path, kind=DEMO)
    with pytest.raises(OtherKindError, match=f"RADVIGIL_HOME={tmp_path}-site make serve"):
        check_kind(tmp_path, wanted=SITE)
    check_kind(tmp_path, wanted=DEMO)
    assert is_demo_home(tmp_path)
