"""The recorder that a device embeds: `from inference.client import Recorder`.

Standard library alone; this folder can be copied into a product as it stands.
"""

from inference.client.recorder import Recorder, RecorderState
from inference.client.runs import Run

__all__ = ["Recorder", "RecorderState", "Run"]
