import pytest
from redis.exceptions import ConnectionError as AwayError

from audit.access.rates import TRIED_AGAIN_SECONDS, RateLimit, SharedRateLimit, address_of


class Away:
    """A broker that does not answer."""

    def __init__(self):
        self.asked = 0

    def eval(self, *_):
        self.asked += 1
        raise AwayError

    def ping(self):
        raise AwayError


def test_a_minutes_worth_goes_at_once_and_then_one_by_one():
    limit = RateLimit()
    waits = [limit.take("a", per_minute=60, seconds=0.0) for _ in range(61)]

    assert waits[:60] == [0.0] * 60
    assert waits[60] == pytest.approx(1.0)
    assert limit.take("a", per_minute=60, seconds=1.0) == 0.0
    assert limit.take("b", per_minute=60, seconds=0.0) == 0.0


def test_without_the_broker_each_process_counts_for_itself():
    shared = SharedRateLimit(client=Away())
    waits = [shared.take("a", per_minute=2, seconds=0.0) for _ in range(3)]

    assert [bool(each) for each in waits] == [False, False, True]
    assert not shared.is_shared()


def test_a_broker_that_is_away_is_not_asked_for_every_request():
    client = Away()
    shared = SharedRateLimit(client=client)
    for seconds in (0.0, 1.0, TRIED_AGAIN_SECONDS - 1, TRIED_AGAIN_SECONDS):
        shared.take("a", per_minute=60, seconds=seconds)

    assert client.asked == 2


@pytest.mark.parametrize(
    ("broker", "address"),
    [
        ("redis+socket:///run/x/valkey.sock?virtual_host=0", "unix:///run/x/valkey.sock?db=0"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
    ],
)
def test_the_address_is_that_of_the_brokers_own_client(broker, address):
    assert address_of(broker) == address
