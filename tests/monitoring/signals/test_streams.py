from datetime import UTC, date, datetime, timedelta

from monitoring.signals.streams import Setting, eras_of, once_a_patient, reference_end

JANUARY, MARCH, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 3, 6, 7))


def setting(at: datetime, version: str = "1.0", mode: str = "live", threshold: float = 0.5) -> Setting:
    return Setting(starts_at=at, version=version, mode=mode, thresholds=(("nodule", threshold),))


def test_a_new_version_begins_a_new_era():
    first, second = eras_of([setting(JANUARY), setting(JUNE, "2.0")])
    assert (first.name, first.starts_at, first.ends_at, first.is_first) == ("1.0", JANUARY, JUNE, True)
    assert (second.name, second.ends_at, second.is_first) == ("2.0", None, False)


def test_a_new_threshold_begins_a_new_era_of_the_same_version():
    names = [era.name for era in eras_of([setting(JANUARY), setting(JUNE, threshold=0.6)])]
    assert names == ["1.0", "1.0@2026-06-01"]


def test_a_configuration_that_changes_nothing_begins_no_era():
    (era,) = eras_of([setting(JANUARY), setting(MARCH)])
    assert era.ends_at is None


def test_shadow_and_suspended_use_is_no_era_but_ends_one():
    first, second = eras_of(
        [setting(JANUARY, mode="shadow"), setting(MARCH), setting(JUNE, mode="suspended"), setting(JULY)]
    )
    assert (first.starts_at, first.ends_at) == (MARCH, JUNE)
    assert second.starts_at == JULY


def test_a_reference_lasts_its_days_and_until_it_holds_its_cases():
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(100)]
    assert reference_end(days, days_at_least=30, cases=10) == date(2026, 1, 30)
    assert reference_end(days, days_at_least=10, cases=40) == date(2026, 2, 9)


def test_a_reference_that_has_not_ended_is_none():
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(30)]
    assert reference_end(days, days_at_least=30, cases=10) is None
    assert reference_end(days, days_at_least=5, cases=50) is None


def test_a_patient_counts_on_one_day_and_again_after_a_year():
    first, later = date(2026, 1, 5), date(2026, 3, 1)
    visits = [("a", first), ("a", first), ("b", first), ("a", later), ("b", date(2027, 1, 5)), ("a", date(2027, 1, 6))]
    assert once_a_patient(visits) == [True, True, True, False, True, True]


def test_a_visit_that_did_not_count_does_not_put_off_the_next_one():
    visits = [("a", date(2026, 1, 1)), ("a", date(2026, 11, 1)), ("a", date(2027, 1, 2))]
    assert once_a_patient(visits) == [True, False, True]
