"""The words that a registry may use, and the truth rule that exists everywhere."""

ROLES = (
    "triage", "second_reader", "concurrent", "independent_reader", "reader_replacement", "rule_out", "autonomous",
    "measurement", "report_drafting", "quality_control", "live_guidance",
)  # fmt: skip

SCALES = ("probability", "raw", "ordinal", "rank", "none")

SCALE_OF_KIND = {
    "binary": "probability",
    "multi_class": "probability",
    "multi_label": "probability",
    "detection": "probability",
    "image_quality": "probability",
    "ordinal": "ordinal",
    "measurement": "raw",
    "time_to_event": "raw",
}  # a kind that is not here has no score unless it says so

CERTAINTIES = ("definite", "probable", "possible", "unknown")

STANDARDS = (
    "autopsy", "surgery", "pathology", "laboratory", "registry", "panel", "core_laboratory", "follow_up",
    "second_modality", "single_expert", "clinical", "report_human", "report_labeller", "synthetic",
)  # fmt: skip

# What may be sliced by only where product and site both say so: a product declares it, a site has it in its
# `lawful_dimensions` (GDPR Article 9: racial or ethnic origin, and what stands for it).
SENSITIVE_DIMENSIONS = ("ethnicity", "race", "skin_type", "skin_tone", "language", "insurance")

PURPOSES = ("clinical", "research", "training", "acceptance", "test", "phantom_qa", "unknown")

EFFECTS = ("absolute", "relative")
COMPARATORS = ("shadow_reads", "unaided_arm", "frozen_baseline")
DIRECTIONS = ("at_least", "at_most")
SUMMARIES = ("mean", "share_within")
POPULATION_DIMENSIONS = (
    "site", "scanner", "sex", "age_band", "view_position", "setting", "region",
)  # fmt: skip
# beside a product's own dimensions

DEFAULT_RULE = "default"
DEFAULT_MINIMUM_CERTAINTY = "possible"
DEFAULT_MINIMUM_COUNT = 11


def default_scale(kind: str) -> str:
    """Return the scale of a finding that names none."""
    return SCALE_OF_KIND.get(kind, "none")


# Header fields by which a deployment says which studies its product is meant to see.
ELIGIBLE_FIELDS = ("modality", "body_part", "view_position", "presentation_intent", "laterality")
