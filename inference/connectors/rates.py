"""How many requests a token may send: a bucket that refills steadily, kept by each web process."""

from dataclasses import dataclass, field
from threading import Lock

MOST_BUCKETS = 10_000


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
