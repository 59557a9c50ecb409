"""Does the same to many things in order, in as many processes as are wanted, with few of them in memory."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from typing import TypeVar

from audit.verification.findings import UnreadableError

ALONE_UP_TO = 4  # so few are done before another process would have started
T = TypeVar("T")
R = TypeVar("R")


def processors() -> int:
    """Return how many processes may work at a time; one where they cannot be forked."""
    if sys.platform != "linux":
        return 1
    return len(os.sched_getaffinity(0))


def in_order(work: Callable[[T], R], things: Iterable[T], *, processes: int) -> Iterator[tuple[T, R]]:
    """Yield each thing with what the work made of it.

    Raises:
        UnreadableError: a process ended before its work was done, as when memory is short.
    """
    waiting = iter(things)
    for thing in waiting if processes < 2 else islice(waiting, ALONE_UP_TO):
        yield thing, work(thing)
    first = next(waiting, None)
    if first is None:
        return
    try:
        pool = ProcessPoolExecutor(processes, mp_context=get_context("fork"))
    except (ImportError, NotImplementedError, OSError, ValueError):
        yield from ((thing, work(thing)) for thing in chain([first], waiting))
        return
    try:
        yield from pooled(pool, work, chain([first], waiting), most=2 * processes)
    except BrokenProcessPool as error:
        raise UnreadableError("a process of the verifier ended before its work was done") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def pooled(
    pool: ProcessPoolExecutor, work: Callable[[T], R], things: Iterator[T], *, most: int
) -> Iterator[tuple[T, R]]:
    under_way: deque[tuple[T, Future[R]]] = deque()
    while True:
        for thing in islice(things, most - len(under_way)):
            under_way.append((thing, pool.submit(work, thing)))
        if not under_way:
            return
        done, future = under_way.popleft()
        yield done, future.result()
