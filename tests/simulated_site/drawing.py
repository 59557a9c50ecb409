"""Scores without pixels: what the demo's network answers, as distributions fitted to its simulated images.

On the logit, ill and well patients are normal; what happens to an image moves
them as it moves the network's scores.
"""

import numpy as np

from deploy.demo.planning import PlannedStudy
from deploy.demo.rows import Answer

ILL, WELL = (1.7, 1.9), (-2.4, 1.45)  # mean and spread: sensitivity .81, specificity .95 at .5
USUAL_QUANTA = 20_000.0


def draw_answer(study: PlannedStudy, *, usual_gamma: float, random: np.random.Generator) -> Answer:
    """Return a score for a study, with the effects of its look-up table, dose and lesion."""
    if not study.is_usable:
        return Answer(score=None)
    if study.device_inverts:
        return Answer(score=0.999)
    mean, spread = ILL if study.lesion else WELL
    if study.lesion:
        mean += 2.6 * np.log(study.lesion.radius * study.lesion.thickness_cm / 0.525)
    logit = mean + _shift(study, usual_gamma=usual_gamma) + spread * random.standard_normal()
    return Answer(score=round(float(1 / (1 + np.exp(-logit))), 6))


def _shift(study: PlannedStudy, *, usual_gamma: float) -> float:
    """A flatter table and less dose raise scores, a steeper table lowers them."""
    table = -4.5 * np.log(study.exposure.lut_gamma / usual_gamma)
    dose = 0.35 * np.log(max(1.0, USUAL_QUANTA / study.exposure.quanta))
    return float(max(table, -1.6) + dose)
