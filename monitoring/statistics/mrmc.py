"""Reader studies: several readers, several treatments, the same cases (multi-reader multi-case).

One row per reading. `obuchowski_rockette` for full factorial designs, `u_statistic` for any; readers in
routine care choose their cases, so what comes of them is an observation, not an experiment.
"""

from __future__ import annotations

from monitoring.statistics.obuchowski_rockette import ReaderStudyTest, VarianceComponents, obuchowski_rockette
from monitoring.statistics.reader_moments import UStatisticTest, u_statistic

__all__ = ["ReaderStudyTest", "UStatisticTest", "VarianceComponents", "obuchowski_rockette", "u_statistic"]
