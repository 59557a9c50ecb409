"""How many requests a token may send: a bucket that refills steadily, counted together for all web processes.

The broker holds the buckets, where it can be reached; while it cannot, each
process counts for itself, and the page of tokens says so.
"""

import logging
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

MOST_BUCKETS = 10_000
PATIENCE_SECONDS = 0.25
TRIED_AGAIN_SECONDS = 30.0

# The broker's own clock, since those of several machines differ. A bucket that is full again need not be kept.
TAKE = """
local capacity = tonumber(ARGV[1])
local rate = capacity / 60
local now = redis.call('TIME')
local seconds = now[1] + now[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'level', 'since')
local level = tonumber(kept[1]) or capacity
level = math.min(capacity, level + math.max(0, seconds - (tonumber(kept[2]) or seconds)) * rate)
if level < 1 then return tostring((1 - level) / rate) end
redis.call('HSET', KEYS[1], 'level', tostring(level - 1), 'since', tostring(seconds))
redis.call('EXPIRE', KEYS[1], 120)
return '0'
"""


@dataclass(slots=True)
class RateLimit:
    """At most `per_minute` requests a minute for each key, in bursts of up to a minute's worth."""

    levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def take(self, key: str, *, per_minute: int, seconds: float) -> float:
        """Take one request at a moment of a steady clock; return 0, or the seconds to wait before the next."""
        rate = per_minute / 60
        with self.lock:
            level, since = self.levels.get(key, (float(per_minute), seconds))
            level = min(float(per_minute), level + (seconds - since) * rate)
            if level < 1:
                return (1 - level) / rate
            if len(self.levels) >= MOST_BUCKETS:
                self.levels.clear()
            self.levels[key] = (level - 1, seconds)
            return 0.0


@dataclass(slots=True)
class SharedRateLimit:
    """The same, counted where every process can see it; `alone` counts while that place is away."""

    client: Any
    alone: RateLimit = field(default_factory=RateLimit)
    away_until: float = 0.0

    def take(self, key: str, *, per_minute: int, seconds: float) -> float:
        if seconds >= self.away_until:
            try:
                return float(self.client.eval(TAKE, 1, f"radvigil:rate:{key}", per_minute))
            except RedisError:
                logger.warning("rates are counted by each process: the broker does not answer")
                self.away_until = seconds + TRIED_AGAIN_SECONDS
        return self.alone.take(key, per_minute=per_minute, seconds=seconds)

    def is_shared(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False


@cache
def rates_at(broker: str) -> SharedRateLimit:
    """Return the rates that a broker holds, by the address that Celery has."""
    client = Redis.from_url(
        address_of(broker),
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    return SharedRateLimit(client=client, alone=ALONE)


def address_of(broker: str) -> str:
    """Return Celery's address of a broker as its client library writes it, which differs for a socket."""
    parts = urlsplit(broker)
    if parts.scheme != "redis+socket":
        return broker
    place = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair).get("virtual_host", "0")
    return f"unix://{parts.path}?db={place}"


ALONE = RateLimit()
