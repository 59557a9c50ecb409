"""Acquisition facts where enhanced objects, ultrasound, slides and AI reconstructions keep them; public tags alone.

Numbers that classic objects have at the top stand in functional groups of enhanced
ones (PS3.3 C.7.6.16): shared by all frames, or given for the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydicom.dataset import Dataset

from inference.dicom.values import items_of, number_of, text_of

FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
# Names under which makers sell reconstruction by deep learning, as they appear in public header fields.
DEEP_LEARNING = {
    "AICE": "AiCE", "PIQE": "PIQE", "TRUEFIDELITY": "TrueFidelity", "DLIR": "DLIR", "DLR": "DLR",
    "PRECISE IMAGE": "Precise Image", "PRECISEIMAGE": "Precise Image", "AIR RECON": "AIR Recon DL",
    "AIRRECON": "AIR Recon DL", "DEEP RESOLVE": "Deep Resolve", "DEEPRESOLVE": "Deep Resolve", "DRB": "Deep Resolve",
    "SMARTSPEED AI": "SmartSpeed AI", "CLEARINFINITY": "ClearInfinity", "DEEP_LEARNING": "deep learning",
    "DEEP LEARNING": "deep learning",
}  # fmt: skip
WORDS_ALONE = frozenset({"DLR", "DRB", "DLIR"})  # short names count as whole words only
STAINING = frozenset({"127790008", "P3-00003"})
SUBSTANCE = frozenset({"424361007", "F-61D98", "C-22968", "G-C350"})


def grouped(dataset: Dataset, group: str) -> Iterator[Dataset]:
    """Yield the items of a functional group: of all frames, then of the first."""
    for groups in FUNCTIONAL_GROUPS:
        for frame in items_of(dataset, groups)[:1]:
            yield from items_of(frame, group)[:1]


def number_in(dataset: Dataset, *places: tuple[str, str]) -> float | None:
    """Return the first number of these (group, keyword); an empty group is the object itself."""
    for group, keyword in places:
        for item in grouped(dataset, group) if group else (dataset,):
            if (number := number_of(item, keyword)) is not None:
                return number
    return None


def text_in(dataset: Dataset, *places: tuple[str, str]) -> str:
    for group, keyword in places:
        for item in grouped(dataset, group) if group else (dataset,):
            if text := text_of(item, keyword):
                return text
    return ""


def number_from(*places: tuple[str, str]) -> Callable[[Dataset], float | None]:
    return lambda dataset: number_in(dataset, *places)


def text_from(*places: tuple[str, str]) -> Callable[[Dataset], str]:
    return lambda dataset: text_in(dataset, *places)[:64]


def reconstruction(dataset: Dataset) -> str:
    """Return the name of a reconstruction by deep learning where a public field says it, else the algorithm."""
    algorithm = text_in(
        dataset, ("CTReconstructionSequence", "ReconstructionAlgorithm"), ("", "ReconstructionAlgorithm")
    )
    kernel = text_in(dataset, ("", "ConvolutionKernel"), ("CTReconstructionSequence", "ConvolutionKernel"))
    said = " ".join((algorithm, kernel, text_of(dataset, "ImageType"), text_of(dataset, "FilterType"))).upper()
    words = set(said.replace("\\", " ").replace("_", " ").split())
    for name, shown in DEEP_LEARNING.items():
        if name in words or (name not in WORDS_ALONE and name in said):
            return f"AI {shown}"[:64]
    return algorithm[:64]


def acceleration(dataset: Dataset) -> str:
    """Return the factor of parallel imaging, in plane times through plane, where there is one above 1."""
    inner = number_in(
        dataset, ("MRModifierSequence", "ParallelReductionFactorInPlane"), ("", "ParallelReductionFactorInPlane")
    )
    outer = number_in(
        dataset, ("MRModifierSequence", "ParallelReductionFactorOutOfPlane"), ("", "ParallelReductionFactorOutOfPlane")
    )
    factor = (inner or 1.0) * (outer or 1.0)
    return f"{factor:g}" if factor > 1 else ""


def probe(dataset: Dataset) -> str:
    """Return the ultrasound probe: its name, else its kind."""
    return (text_of(dataset, "TransducerData").split("\\")[0] or text_of(dataset, "TransducerType"))[:64]


def frame_rate(dataset: Dataset) -> float | None:
    for keyword in ("CineRate", "RecommendedDisplayFrameRate"):
        if rate := number_of(dataset, keyword):
            return rate
    milliseconds = number_of(dataset, "FrameTime")
    return round(1000 / milliseconds, 3) if milliseconds else None


def magnification(dataset: Dataset) -> float | None:
    """Return the power of a slide scanner's objective, or a radiograph's magnification."""
    paths = items_of(dataset, "OpticalPathSequence")
    power = number_of(paths[0], "ObjectiveLensPower") if paths else None
    return power if power is not None else number_of(dataset, "EstimatedRadiographicMagnificationFactor")


def stain(dataset: Dataset) -> str:
    """Return the substances that a slide's specimen was stained with."""
    found: dict[str, None] = {}
    for specimen in items_of(dataset, "SpecimenDescriptionSequence"):
        for step in items_of(specimen, "SpecimenPreparationSequence"):
            items = items_of(step, "SpecimenPreparationStepContentItemSequence")
            if any(coded(item, "ConceptCodeSequence") & STAINING for item in items):
                found |= dict.fromkeys(
                    substance(item) for item in items if coded(item, "ConceptNameCodeSequence") & SUBSTANCE
                )
    return " + ".join(filter(None, found))[:64]


def coded(item: Dataset, keyword: str) -> set[str]:
    return {text_of(each, "CodeValue") for each in items_of(item, keyword)}


def substance(item: Dataset) -> str:
    codes = items_of(item, "ConceptCodeSequence")
    return text_of(codes[0], "CodeMeaning") if codes else ""


DOSE_REPORTS = frozenset({"1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.5.1.4.1.1.88.76"})
DOSE_TOTAL, MEAN_CTDI = "113813", "113830"  # PS3.16 TID 10012 and 10013


def dose_of(dataset: Dataset) -> dict[str, Any]:
    """Return the total dose-length product and the highest mean CTDIvol of a CT dose report."""
    if text_of(dataset, "SOPClassUID") not in DOSE_REPORTS:
        return {}
    totals, means = list(measured(dataset, DOSE_TOTAL)), list(measured(dataset, MEAN_CTDI))
    said = {"dose_length_product_mgycm": max(totals, default=None), "ctdivol_mgy": max(means, default=None)}
    return {name: value for name, value in said.items() if value is not None}


def measured(item: Dataset, concept: str, *, depth: int = 0) -> Iterator[float]:
    for inner in items_of(item, "ContentSequence") if depth < 12 else ():
        if concept in coded(inner, "ConceptNameCodeSequence"):
            values = items_of(inner, "MeasuredValueSequence")
            if values and (number := number_of(values[0], "NumericValue")) is not None:
                yield number
        yield from measured(inner, concept, depth=depth + 1)
