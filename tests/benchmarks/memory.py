"""How much memory the process has taken so far, in MB, and how much it takes now."""

import resource
from pathlib import Path

PAGE = resource.getpagesize()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def now_mb() -> float:
    """Return the resident memory; 0 where the system does not say."""
    said = Path("/proc/self/statm")
    return int(said.read_text().split()[1]) * PAGE / 2**20 if said.exists() else 0.0
