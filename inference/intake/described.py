"""What any fact may say of its study, scanner and acquisition: an allow-list, value by value.

The values of unknown names are not kept; their names become flags.
"""

from collections.abc import Callable, Mapping
from typing import Any

from inference.errors import RowError
from inference.intake.fields import Choice, boolean, choice, code, moment, number, text, uid

PURPOSES = ("clinical", "research", "training", "acceptance", "test", "phantom_qa", "unknown")
SETTINGS = ("screening", "diagnostic", "emergency", "intraoperative")

SEXES = Choice(("F", "M", "O", "U"))


def sex(value: Any) -> str:
    return SEXES(value.upper() if isinstance(value, str) else value)


def age(value: Any) -> float:
    years = number(value)
    if not 0 <= years <= 150:
        raise ValueError("is not an age in years")
    return years


def number_or_code(value: Any) -> Any:
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else code(value)


def coded(value: Any) -> Any:
    if isinstance(value, bool):
        return boolean(value)
    return number_or_code(value)


def device_text(value: Any) -> str:
    return text(str(value) if isinstance(value, int | float) else value, longest=64)


IDENTIFIERS: Mapping[str, Callable[[Any], Any]] = {
    "study_uid": uid,
    "patient_id": uid,
    "patient_id_issuer": uid,
    "accession_number": uid,
    "accession_issuer": uid,
    "operator": uid,
}

STUDY: Mapping[str, Callable[[Any], Any]] = {
    **IDENTIFIERS,
    "modality": code,
    "body_part": code,
    "acquired_at": moment,
    "patient_age_years": age,
    "patient_sex": sex,
    "purpose": choice(PURPOSES),
    "setting": choice(SETTINGS),
}

SCANNER: Mapping[str, Callable[[Any], Any]] = dict.fromkeys(
    ("manufacturer", "model", "software_version", "serial_number"), device_text
)

NUMBERS = (
    "kvp",
    "exposure_mas",
    "exposure_index",
    "exposure_time_ms",
    "tube_current_ma",
    "slice_thickness_mm",
    "pixel_spacing_mm",
    "ctdivol_mgy",
    "dose_length_product_mgycm",
    "field_strength_t",
    "echo_time_ms",
    "repetition_time_ms",
    "magnification",
    "frames",
    "frame_rate_hz",
    "rows",
    "columns",
    "bits_stored",
    "flip_angle_deg",
    "transducer_frequency_hz",
    "spiral_pitch",
    "reconstruction_diameter_mm",
    "compression_force_n",
    "body_part_thickness_mm",
    "radionuclide_dose_mbq",
)
CODES = (
    "view_position",
    "convolution_kernel",
    "reconstruction",
    "sequence",
    "acceleration",
    "probe",
    "stain",
    "laterality",
    "photometric_interpretation",
    "contrast",
    "protocol",
    "presentation_intent",
    "grid",
    "filter_material",
    "patient_position",
    "image_type",
)
ACQUISITION: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(NUMBERS, number),
    **dict.fromkeys(CODES, code),
}

PARTS: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "study": STUDY,
    "scanner": SCANNER,
    "acquisition": ACQUISITION,
}


def remembered(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a parser that understands a text once; rows say most of theirs again and again."""
    seen: dict[str, Any] = {}

    def parse_once(value: Any) -> Any:
        if type(value) is not str:
            return parse(value)
        found = seen.get(value)
        if found is None:
            found = seen[value] = parse(value)
        return found

    return parse_once


def remembering() -> Mapping[str, Mapping[str, Callable[[Any], Any]]]:
    """Return the parsers of the parts for the rows of one batch. What names somebody is not kept beyond its row."""
    return {
        part: {name: parse if name in IDENTIFIERS else remembered(parse) for name, parse in known.items()}
        for part, known in PARTS.items()
    }


def check_part(
    part: str,
    value: Mapping[str, Any],
    *,
    unknown: list[str],
    parsers: Mapping[str, Mapping[str, Callable[[Any], Any]]] = PARTS,
) -> dict[str, Any]:
    """Return the known values of one part; unknown names become flags.

    Raises:
        RowError: a known value cannot be understood.
    """
    known, clean = parsers[part], {}
    for name, found in value.items():
        if found is None or found == "":
            continue
        if name not in known:
            unknown.append(f"{part}.{name}")
            continue
        try:
            clean[name] = known[name](found)
        except ValueError as problem:
            raise RowError(field=f"{part}.{name}", reason=str(problem)) from None
    return clean


def check_covariates(value: Mapping[str, Any], *, declared: frozenset[str], unknown: list[str]) -> dict[str, Any]:
    """Return the covariates that the product declares; others are named in a flag and not kept."""
    clean = {}
    for name, found in value.items():
        if found is None or found == "":
            continue
        if name not in declared:
            unknown.append(f"covariates.{name}")
            continue
        try:
            clean[name] = coded(found)
        except ValueError as problem:
            raise RowError(field=f"covariates.{name}", reason=str(problem)) from None
    return clean
