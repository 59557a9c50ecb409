"""The page that opens a package from a stick: no scripts, relative links, its style in a file beside it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string

from audit.packages.bags import BagWriter, Written
from audit.witnesses.codes import code_svg
from monitoring.evidence.documents import ABOUT, TITLES, Parts, common
from monitoring.evidence.under_way import Making

STYLE = Path(__file__).resolve().parent.parent.parent / "templates" / "monitoring" / "evidence" / "package.css"


def write_index(bag: BagWriter, making: Making, parts: Parts) -> None:
    shared = common(making, parts.scope)
    reasons = parts.reasons
    context = {
        **{name: value for name, value in asdict(parts).items() if name != "software"},
        **shared,
        "blocks": [
            {**block, "left_out": [(reasons[reason], number) for reason, number in sorted(block["excluded"].items())]}
            for block in parts.figures["sets"]
        ],
        "papers": [{"name": name, "title": TITLES[name], "about": ABOUT[name]} for name in TITLES],
        "files": [line_of(name, file) for name, file in sorted(bag.files.items()) if name.startswith("data/")],
        "codes": [{**each, "code": code_svg(each["note"])} for each in shared["checkpoints"]],
    }
    bag.add("data/style.css", [STYLE.read_bytes()], about="The style of index.html.")
    text = render_to_string("monitoring/evidence/package.html", context)
    bag.add("data/index.html", [text.encode()], about="Where a person starts: opens in any browser, offline.")


def line_of(name: str, file: Written) -> dict[str, Any]:
    return {
        "href": name.removeprefix("data/"),
        "size": filesizeformat(file.size),
        "sha256": file.sha256,
        "about": file.about,
    }
