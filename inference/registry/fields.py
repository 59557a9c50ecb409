"""One mapping of a registry file, field by field, with the line it stands on.

Values are read as they were written: `version: 1.0` is the text 1.0 and
`country: NO` is Norway. An absent or null field is None: not said.
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NoReturn

import yaml

from inference.errors import RegistryFileError

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHA256 = re.compile(r"[0-9a-fA-F]{64}")
NULL, TRUTHS = "tag:yaml.org,2002:null", {"true": True, "yes": True, "false": False, "no": False}
DEEPEST = 8


def read_mapping(text: str) -> "Fields":
    """Return the outermost mapping of a YAML text.

    Raises:
        RegistryFileError: it is no YAML, or no mapping.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"Line {mark.line + 1}" if mark else "The file"
        raise RegistryFileError(f"{where}: this is not YAML: {getattr(error, 'problem', error)}.") from error
    if node is None:
        raise RegistryFileError("The file is empty; it needs at least one section, such as `sites:`.")
    return Fields.of(node, path="")


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping of the file: where it stands and the nodes of its fields by name."""

    path: str
    line: int
    nodes: Mapping[str, yaml.Node]

    @classmethod
    def of(cls, node: yaml.Node, *, path: str) -> "Fields":
        if not isinstance(node, yaml.MappingNode):
            raise RegistryFileError(f"{place_of(node, path)}: must be a mapping of fields.")
        nodes: dict[str, yaml.Node] = {}
        for name, value in node.value:
            if name.value in nodes:
                raise RegistryFileError(f"{place_of(name, path)}: {name.value} is given twice.")
            nodes[str(name.value)] = value
        return cls(path=path, line=node.start_mark.line + 1, nodes=nodes)

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Raise the error that names the line, the place and the field."""
        node = self.nodes.get(name)
        line = self.line if node is None else node.start_mark.line + 1
        place = f"{self.path}.{name}" if self.path else name
        raise RegistryFileError(f"Line {line}, {place}: {reason}.")

    def only(self, *known: str) -> None:
        """Refuse any field but the known ones: a misspelt one would be lost in silence."""
        for name in self.nodes:
            if name not in known:
                self.refuse(name, f"is not a field here; there are {', '.join(known)}")

    def said(self, name: str) -> bool:
        node = self.nodes.get(name)
        return node is not None and node.tag != NULL

    def scalar(self, name: str) -> str | None:
        if not self.said(name):
            return None
        node = self.nodes[name]
        if not isinstance(node, yaml.ScalarNode):
            self.refuse(name, "must be one value, not a list or a mapping")
        return str(node.value).strip()

    def text(self, name: str, *, longest: int = 200) -> str | None:
        found = self.scalar(name)
        if found is not None and len(found) > longest:
            self.refuse(name, f"has {len(found)} characters; {longest} is the most")
        return found

    def required(self, name: str, *, longest: int = 64) -> str:
        found = self.text(name, longest=longest)
        if not found:
            self.refuse(name, "is required")
        return found

    def key(self, name: str) -> str | None:
        found = self.scalar(name)
        if found is not None and not KEY.fullmatch(found):
            self.refuse(name, f"{found!r} is not a key: up to 64 letters, digits, dots, dashes and underscores")
        return found

    def required_key(self, name: str) -> str:
        return self.key(name) or self.refuse(name, "is required")

    def choice(self, name: str, options: Collection[str]) -> str | None:
        found = self.scalar(name)
        if found is not None and found not in options:
            self.refuse(name, f"{found!r} is not one of {', '.join(options)}")
        return found

    def digest(self, name: str) -> str | None:
        found = self.scalar(name)
        if found is not None and not SHA256.fullmatch(found):
            self.refuse(name, "is not a SHA-256: 64 hexadecimal digits")
        return found.lower() if found else found

    def number(self, name: str) -> float | None:
        found = self.scalar(name)
        return None if found is None else self._number(name, found)

    def _number(self, name: str, found: str) -> float:
        try:
            number = float(found)
        except ValueError:
            self.refuse(name, f"{found!r} is not a number")
        if not math.isfinite(number):
            self.refuse(name, f"{found!r} is not a finite number")
        return number

    def integer(self, name: str, *, least: int = 0) -> int | None:
        found = self.scalar(name)
        if found is not None and not (found.isascii() and found.isdigit() and least <= int(found) < 2**31):
            self.refuse(name, f"{found!r} is not a whole number from {least} on")
        return None if found is None else int(found)

    def boolean(self, name: str) -> bool | None:
        found = self.scalar(name)
        if found is not None and found.lower() not in TRUTHS:
            self.refuse(name, f"{found!r} is neither true nor false")
        return None if found is None else TRUTHS[found.lower()]

    def day(self, name: str) -> date | None:
        found = self.scalar(name)
        try:
            return None if found is None else date.fromisoformat(found)
        except ValueError:
            self.refuse(name, f"{found!r} is not a date such as 2026-01-31")

    def day_or_moment(self, name: str) -> date | datetime:
        """Return a required start: a day, or a moment with or without its offset."""
        found = self.required(name)
        try:
            return date.fromisoformat(found) if len(found) <= len("2026-01-31") else datetime.fromisoformat(found)
        except ValueError:
            self.refuse(name, f"{found!r} is not a date such as 2026-01-31 or a time such as 2026-01-31T08:00:00+01:00")

    def items(self, name: str) -> list[yaml.Node]:
        if not self.said(name):
            return []
        node = self.nodes[name]
        if not isinstance(node, yaml.SequenceNode):
            self.refuse(name, "must be a list")
        return list(node.value)

    def texts(self, name: str, *, longest: int = 64) -> tuple[str, ...] | None:
        """Return a list of different texts."""
        if not self.said(name):
            return None
        items = self.items(name)
        found = tuple(str(item.value).strip() for item in items if isinstance(item, yaml.ScalarNode))
        if len(found) < len(items) or not all(0 < len(text) <= longest for text in found):
            self.refuse(name, f"must be a list of texts of up to {longest} characters")
        if len(set(found)) < len(found):
            self.refuse(name, "names something twice")
        return found

    def numbers(self, name: str) -> dict[str, float] | None:
        """Return a mapping of names to numbers, such as thresholds."""
        if not self.said(name):
            return None
        inner = Fields.of(self.nodes[name], path=self._below(name))
        return {each: inner.required_number(each) for each in inner.nodes}

    def required_number(self, name: str) -> float:
        return self._number(name, self.required(name))

    def entries(self, name: str) -> list["Fields"]:
        """Return the mappings of a list, each with its place in the file."""
        return [Fields.of(item, path=f"{self._below(name)}[{place}]") for place, item in enumerate(self.items(name))]

    def inner(self, name: str) -> "Fields":
        return Fields.of(self.nodes[name], path=self._below(name))

    def is_scalar(self, name: str) -> bool:
        return isinstance(self.nodes[name], yaml.ScalarNode)

    def plain(self, name: str) -> Any:
        """Return a mapping of anything as JSON values, such as a development population."""
        if not self.said(name):
            return None
        node = self.nodes[name]
        if not isinstance(node, yaml.MappingNode):
            self.refuse(name, "must be a mapping of fields")
        return self._plain(name, node, depth=0)

    def _plain(self, name: str, node: yaml.Node, *, depth: int) -> Any:
        if depth > DEEPEST:
            self.refuse(name, f"is nested deeper than {DEEPEST} levels")
        if isinstance(node, yaml.MappingNode):
            return {str(each.value): self._plain(name, value, depth=depth + 1) for each, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(name, value, depth=depth + 1) for value in node.value]
        return plain_scalar(node)

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def plain_scalar(node: yaml.Node) -> Any:
    """Return a scalar as JSON: numbers, truths and nothing by their YAML tag, anything else as written."""
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return TRUTHS.get(node.value.lower(), node.value)
    try:
        number = {"int": int, "float": float}.get(kind, str)(node.value)
    except ValueError:
        return node.value
    return number if not isinstance(number, float) or math.isfinite(number) else node.value


def place_of(node: yaml.Node, path: str) -> str:
    line = f"Line {node.start_mark.line + 1}"
    return f"{line}, {path}" if path else line
