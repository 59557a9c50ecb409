"""Why one item could not be scored again, and why a run cannot start."""

from inference.errors import InferenceError


class NotRescorableError(InferenceError):
    """This inference cannot be scored again; the message is the reason that the item keeps."""


class NothingToRescoreError(InferenceError):
    """No inference of the deployment has a score and stored pixels."""

    def __init__(self, deployment: str) -> None:
        super().__init__(
            f"No inference of {deployment} has both a score and stored pixels; import the DICOM objects first."
        )
