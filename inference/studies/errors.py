"""Errors of the identity store and the pixel store."""

from inference.errors import InferenceError


class PixelsMissingError(InferenceError):
    """The row is there, its file is not."""

    def __init__(self, instance: object) -> None:
        super().__init__(f"The pixels of image {instance} are not in the pixel store; import the object again.")


class PixelsChangedError(InferenceError):
    """The file is not the one that was stored."""

    def __init__(self, instance: object) -> None:
        super().__init__(f"The file of image {instance} is not the one that was stored; do not rely on it.")
