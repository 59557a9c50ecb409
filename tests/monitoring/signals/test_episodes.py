"""What belongs together is one episode; what lies apart is two."""

from datetime import date, timedelta

from monitoring.signals.episodes import Alarm, episodes_of

START = date(2026, 3, 1)


def day(number: int) -> date:
    return START + timedelta(days=number)


def alarm(began: int, at: int, ended: int | None, *, arm: str = "sensitivity", weight: float = 1.0) -> Alarm:
    end = None if ended is None else day(ended)
    return Alarm(arm=arm, began_on=day(began), alarm_on=day(at), ended_on=end, weight=weight)


def test_what_begins_while_another_goes_on_belongs_to_it():
    (episode,) = episodes_of([alarm(0, 20, None), alarm(90, 110, 120)])
    assert (episode.began_on, episode.alarm_on, episode.ended_on) == (START, day(20), None)
    assert episode.holds(day(5_000))


def test_what_begins_soon_after_the_end_belongs_to_it():
    (episode,) = episodes_of([alarm(0, 20, 30), alarm(50, 60, 70)])
    assert episode.ended_on == day(70)
    assert not episode.holds(day(71))


def test_two_faults_far_apart_are_two_episodes():
    first, second = episodes_of([alarm(0, 20, 25), alarm(100, 120, None)])
    assert (first.ended_on, second.ended_on) == (day(25), None)


def test_arms_that_alarm_together_are_one_episode_led_by_the_heaviest():
    (episode,) = episodes_of([alarm(0, 20, 40, arm="exposure"), alarm(2, 21, 30, arm="scanner", weight=3.0)])
    assert episode.arms == ("scanner", "exposure")


def test_a_later_alarm_never_redates_the_first():
    (episode,) = episodes_of([alarm(5, 20, 60), alarm(0, 30, 60)])
    assert episode.began_on == day(5)


def test_a_fault_may_end_before_anybody_notices():
    (episode,) = episodes_of([alarm(0, 60, 40)])
    assert (episode.ended_on, episode.alarms[0].last_on) == (day(40), day(60))


def test_no_alarm_is_no_episode():
    assert episodes_of([]) == ()
