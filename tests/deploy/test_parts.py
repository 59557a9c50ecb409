"""Parts that keep dying: one that is needed ends the installation, a listener is tried ever more slowly."""

import sys
import time

import pytest

from deploy.parts import MOST_RESTARTS, Part, PartError


def dying(*, gives_up):
    part = Part(name="part", command=[sys.executable, "-c", ""], environment={}, log=None, gives_up=gives_up)
    part.start()
    part.process.wait()
    return part


def die(part, *, moment):
    part.start_again(code=1, moment=moment)
    part.process.wait()


def test_a_part_that_keeps_dying_is_given_up():
    part = dying(gives_up=True)
    for moment in range(MOST_RESTARTS):
        die(part, moment=float(moment))

    with pytest.raises(PartError, match="keeps stopping"):
        die(part, moment=float(MOST_RESTARTS))


def test_a_listener_that_keeps_dying_is_tried_again_after_ever_longer_pauses():
    part, moment, pauses = dying(gives_up=False), time.monotonic(), []
    for _ in range(2 * MOST_RESTARTS):
        die(part, moment=moment)
        assert not part.needs_start(moment=moment)
        pauses.append(part.not_before - moment)
        moment = part.not_before
        assert part.needs_start(moment=moment)

    assert pauses[:3] == pytest.approx([2, 4, 8])
    assert max(pauses) <= 30
