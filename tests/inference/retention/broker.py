"""A real broker for one test: what is handed to it stays there, and can be searched whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis

from deploy.celery import app
from deploy.servers.embedded import BROKER_URL, Wanted, embedded_servers

READ = {
    b"string": lambda client, key: [client.get(key)],
    b"list": lambda client, key: client.lrange(key, 0, -1),
    b"set": lambda client, key: client.smembers(key),
    b"zset": lambda client, key: client.zrange(key, 0, -1),
    b"hash": lambda client, key: [part for pair in client.hgetall(key).items() for part in pair],
    b"stream": lambda client, key: [repr(client.xrange(key)).encode()],
}


@contextmanager
def running_broker(home: Path, settings: Any) -> Iterator[Redis]:
    """Run a broker that the queue and the counting of rates use; nobody takes from it what is handed to it."""
    with embedded_servers(home, wanted=Wanted(postgres=False, valkey=True)) as running:
        url = running.environment[BROKER_URL]
        before = {name: app.conf[name] for name in ("broker_url", "task_always_eager")}
        settings.CELERY_BROKER_URL = url
        app.conf.update(broker_url=url, task_always_eager=False)
        forget_connections()
        try:
            yield Redis.from_url(url.replace("redis+socket", "unix").replace("virtual_host", "db"))
        finally:
            app.conf.update(before)
            forget_connections()


def forget_connections() -> None:
    app.amqp._producer_pool = None
    app._pool = None


def everything_in(client: Redis) -> Iterator[tuple[str, str]]:
    """Yield every key of the broker with everything that it holds."""
    for key in client.scan_iter("*"):
        yield "broker", key.decode("utf-8", "replace")
        for value in READ[client.type(key)](client, key):
            yield "broker", bytes(value).decode("utf-8", "replace")
