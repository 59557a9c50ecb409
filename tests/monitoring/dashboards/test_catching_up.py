"""Catching up does everything that is left, once, and one worker at a time."""

from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from audit.log.models import Act, Checkpoint, Entry
from audit.log.queries import organisations_in_log
from monitoring.cases.models import Case
from monitoring.dashboards import catching_up
from monitoring.dashboards.catching_up import catch_up, catch_up_unless_busy
from monitoring.dashboards.tasks import catch_up_task
from monitoring.rollups.binning import DESIGN
from tests.factories import NOON, inference_row, make_network, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere():
    """A worker of its own, on a connection of its own."""
    place = connection.settings_dict
    with psycopg.connect(
        host=place["HOST"], port=place["PORT"] or None, user=place["USER"], password=place["PASSWORD"],
        dbname=place["NAME"], autocommit=True,
    ) as other:  # fmt: skip
        yield other


def test_it_gives_positions_signs_folds_and_says_how_much():
    make_network()
    send("inferences", inference_row(1))

    done = catch_up(now=NOON)

    assert done.sequenced == done.folded > 0
    assert done.signed >= 1
    assert not Entry.objects.filter(position=None).exists()
    assert Checkpoint.objects.exists()
    assert Case.objects.count() == 2


def test_there_is_nothing_to_do_the_second_time():
    make_network()
    catch_up(now=NOON)

    again = catch_up(now=NOON)

    assert (again.sequenced, again.folded) == (0, 0)


def test_a_second_worker_leaves_it_to_the_first(elsewhere):
    make_network()
    elsewhere.execute("SELECT pg_advisory_lock(%s)", [catching_up.LOCK])

    assert catch_up_unless_busy(now=NOON) is None
    assert Entry.objects.filter(position=None).exists()


def test_the_lock_is_given_back(elsewhere):
    make_network()
    assert catch_up_unless_busy(now=NOON) is not None

    (free,) = elsewhere.execute("SELECT pg_try_advisory_lock(%s)", [catching_up.LOCK]).fetchone()
    assert free


def test_the_task_and_the_command_do_the_same():
    make_network()
    send("inferences", inference_row(1))
    catch_up_task()
    assert Case.objects.count() == 2

    send("inferences", inference_row(2))
    out = StringIO()
    call_command("catch_up", stdout=out)

    assert Case.objects.count() == 4
    assert "entries sequenced" in out.getvalue()


def test_the_command_can_rebuild_first():
    make_network()
    send("inferences", inference_row(1))
    catch_up(now=NOON)
    Case.objects.all().delete()

    call_command("catch_up", "--rebuild", stdout=StringIO())

    assert Case.objects.count() == 2


def test_the_design_of_the_sums_is_an_entry_of_each_log_once(now):
    make_network()
    for _ in range(2):
        catch_up(now=now)
    acts = Act.objects.filter(entry__kind="rollup.designed").order_by("organisation")
    assert [act.organisation for act in acts] == organisations_in_log()
    assert {act.details["design"] for act in acts} == {DESIGN}
