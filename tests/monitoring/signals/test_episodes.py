from datetime import date, timedelta

from monitoring.signals.episodes import Alarm, episodes_of

START = date(2026, 3, 1)


def alarm(began: int, at: int, arm: str = "sensitivity", weight: float = 1.0) -> Alarm:
    return Alarm(arm=arm, began_on=START + timedelta(days=began), alarm_on=START + timedelta(days=at), weight=weight)


def test_a_fault_that_goes_on_is_one_episode():
    (episode,) = episodes_of([alarm(0, 20), alarm(21, 40), alarm(45, 70)], until=START + timedelta(days=75))
    assert (episode.began_on, episode.alarm_on) == (START, START + timedelta(days=20))
    assert episode.last_alarm_on == START + timedelta(days=70)
    assert episode.ended_on is None


def test_two_faults_far_apart_are_two_episodes():
    first, second = episodes_of([alarm(0, 20), alarm(100, 120)], until=START + timedelta(days=121))
    assert first.ended_on == START + timedelta(days=20)
    assert second.ended_on is None


def test_arms_that_alarm_together_are_one_episode_led_by_the_heaviest():
    (episode,) = episodes_of(
        [alarm(0, 20, arm="exposure"), alarm(2, 21, arm="scanner", weight=3.0)], until=START + timedelta(days=30)
    )
    assert episode.arms == ("scanner", "exposure")


def test_a_later_alarm_never_redates_the_first():
    (episode,) = episodes_of([alarm(5, 20), alarm(0, 30)], until=START + timedelta(days=31))
    assert episode.began_on == START + timedelta(days=5)


def test_no_alarm_is_no_episode():
    assert episodes_of([], until=START) == ()
