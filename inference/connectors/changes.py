"""One change to many rows: set a field, rename it, or take it away. Pure: a value in, another value out.

A path has dots; where it leads through a list, it means the field of every
object in it, so `predictions.finding` is the finding of each prediction.
"""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

SET, RENAME, REMOVE, NOTHING = "set", "rename", "remove", "nothing"
PATH = re.compile(r"[A-Za-z0-9_]{1,60}(\.[A-Za-z0-9_]{1,60}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`what` happens to `path`: it becomes `value` (where it says `was`, if given), or is called `name`."""

    what: str = NOTHING
    path: str = ""
    name: str = ""
    value: Any = None
    was: str = ""

    def __str__(self) -> str:
        where = " where it has one certain value" if self.was else ""
        return {
            SET: f"set {self.path} to one value{where}",
            RENAME: f"rename {self.path} to {self.name}",
            REMOVE: f"take {self.path} away",
        }.get(self.what, "send again as they are")

    def as_json(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", "surrogatepass")

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        return cls(**json.loads(text))

    def of(self, row: Any) -> Any:
        """Return the row as this change makes it; what is not an object stays as it is."""
        changed = copy.deepcopy(row)
        if self.what == NOTHING or not isinstance(changed, dict):
            return changed
        *way, last = self.path.split(".")
        for holder in list(holders(changed, way, makes=self.what == SET and not self.was)):
            self.apply(holder, last)
        return changed

    def apply(self, holder: dict[str, Any], last: str) -> None:
        if self.what == SET and (not self.was or as_text(holder.get(last)) == self.was):
            holder[last] = self.value
        elif self.what == RENAME and last in holder:
            holder[self.name] = holder.pop(last)
        elif self.what == REMOVE:
            holder.pop(last, None)


def holders(value: Any, way: list[str], *, makes: bool) -> Iterator[dict[str, Any]]:
    """Yield every object at the end of the way; a missing one on the way is made only to set something in it."""
    if isinstance(value, list):
        for each in value:
            yield from holders(each, way, makes=makes)
    elif isinstance(value, dict):
        if not way:
            yield value
            return
        if makes and value.get(way[0]) is None:
            value[way[0]] = {}
        yield from holders(value.get(way[0]), way[1:], makes=makes)


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
