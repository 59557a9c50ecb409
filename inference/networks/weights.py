"""Weights on disk: known by the SHA-256 of their file, read without running anything in it.

A file is read once; the bytes that were hashed are the bytes that are loaded.
"""

import io
import json
import pickle
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as dump_safetensors
from torch import Tensor, nn

from inference.networks.errors import WeightsFileError, WeightsHashError
from inference.networks.registry import build

ARCHITECTURE = "architecture"
_HEADER_LENGTH_BYTES = 8

State = dict[str, Tensor]


def file_sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def save_network(network: nn.Module, path: Path, *, architecture: str) -> str:
    """Write the weights as safetensors and return the file's SHA-256."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    data = dump_safetensors(state, metadata={ARCHITECTURE: architecture})
    path.write_bytes(data)
    return sha256(data).hexdigest()


def load_network(path: Path, expected_sha256: str) -> nn.Module:
    """Return the network in evaluation mode.

    Raises:
        WeightsHashError: the file is not the registered one; nothing was loaded.
        WeightsFileError: the bytes are not weights of a known form.
        UnknownNetworkError: the file names an architecture that cannot be built here.
    """
    data = path.read_bytes()
    actual = sha256(data).hexdigest()
    if actual != expected_sha256.lower():
        raise WeightsHashError(name=path.name, expected_sha256=expected_sha256, actual_sha256=actual)
    architecture, state = _read_torch(data, path.name) if path.suffix == ".pt" else _read_safetensors(data, path.name)
    network = build(architecture)
    _fill(network, state, path.name)
    return network.eval()


def _fill(network: nn.Module, state: State, name: str) -> None:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsFileError(name=name, reason="its tensors do not fit the architecture it names") from error


def _read_safetensors(data: bytes, name: str) -> tuple[str, State]:
    try:
        length = int.from_bytes(data[:_HEADER_LENGTH_BYTES], "little")
        header = json.loads(data[_HEADER_LENGTH_BYTES : _HEADER_LENGTH_BYTES + length])
        return header["__metadata__"][ARCHITECTURE], load_safetensors(data)
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise WeightsFileError(name=name, reason="not a safetensors file that names its architecture") from error


def _read_torch(data: bytes, name: str) -> tuple[str, State]:
    try:
        content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        return content[ARCHITECTURE], content["state"]
    except (pickle.UnpicklingError, RuntimeError, KeyError, TypeError, EOFError) as error:
        raise WeightsFileError(name=name, reason="not a file of plain tensors that names its architecture") from error
