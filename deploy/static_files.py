"""Finds the one file of Plotly that pages load, inside its wheel: nothing comes from another host."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

PREFIX = "plotly"
FILES = ("plotly.min.js",)


def wheel_folder() -> Path:
    """Return where the wheel keeps its files. Looked up, not imported: the package is heavy."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("plotly is not installed; run make demo, or install deploy/requirements.txt")
    return Path(spec.submodule_search_locations[0]) / "package_data"


class PlotlyFinder(BaseFinder):
    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        prefix, _, name = path.partition("/")
        found = str(wheel_folder() / name) if prefix == PREFIX and name in FILES else None
        if find_all:
            return [found] if found else []
        return found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        storage = FileSystemStorage(location=wheel_folder())
        storage.prefix = PREFIX  # type: ignore[attr-defined]
        for name in FILES:
            yield name, storage
