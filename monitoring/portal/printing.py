"""The view of one product on paper: the same sections as the page, set by typst, with what proves it by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from audit.log.models import Entry
from audit.proofs.notes import parse_checkpoint, parse_note
from audit.serving.queries import Proved, proof_of
from audit.templatetags.display import count, day, moment, moment_seconds, words
from inference.registry.models import Market
from monitoring.dashboards.cells import Cell
from monitoring.evidence.paper import code_of, pdf_of
from monitoring.portal.comments import Thread
from monitoring.portal.presenting import FindingFigures, LogRow, SignalRow
from monitoring.portal.queries import InForce, Term

UNTIL_ENDED = "until it is ended"


def product_paper(view: Mapping[str, Any], *, reader: str) -> bytes:
    """Return the view of a product as PDF/A-2b."""
    logs: Sequence[LogRow] = [row for row in view["logs"] if row.state.checkpoint]
    codes = [code_of(row.state.checkpoint.note) for row in logs if row.state.checkpoint]
    return pdf_of("portal", twin_of(view, reader=reader), codes=codes, instant=view["now"])


def twin_of(view: Mapping[str, Any], *, reader: str) -> dict[str, Any]:
    """Return everything that stands on the paper, in words."""
    product, now = view["product"], view["now"]
    return {
        "title": f"{product.name}: what was shared with {reader}",
        "is_demo": settings.RADVIGIL_DEMO,
        "made_at": f"{moment_seconds(now)} UTC",
        "reader": reader,
        "installation": settings.RADVIGIL_INSTALLATION,
        "terms": [term_line(term) for term, _ in view["terms"]],
        "product": product_lines(product, markets=view["markets"]),
        "versions": [version_line(each) for each, _ in view["versions"]],
        "configurations": [configuration_line(row) for row, _ in view["configurations"]],
        "figures": [figures_block(each) for each in view["figures"]],
        "claims": [claim_line(row) for row in view["claims"]],
        "signals": [signal_block(row) for row in view["signals"]],
        "packages": [package_line(each) for each, _ in view["packages"]],
        "comments": [thread_block(each) for each in view["threads"]],
        "logs": [log_block(row) for row in view["logs"] if row.state.checkpoint],
        "example": example_of(view),
        "verifier_sha256": view["verifier"],
    }


def term_line(term: Term) -> list[str]:
    return [
        term.organisation or "all",
        term.site or "all",
        term.product or "all",
        term.level,
        str(term.minimum_count) if term.minimum_count else "none",
        term.basis,
        day(term.since, term.zone),
        day(term.until, term.zone) if term.until else UNTIL_ENDED,
    ]


def product_lines(product: Any, *, markets: Sequence[Market]) -> list[list[str]]:
    named = [
        ["Key", product.pk],
        ["Manufacturer", product.manufacturer.name],
        ["UDI-DI", product.udi_di],
        ["Intended use", product.intended_use or "none recorded"],
    ]
    return named + [[f"Market {each.market}", market_words(each)] for each in markets]


def market_words(market: Market) -> str:
    said = [
        words(market.pathway) if market.pathway else "",
        f"class {market.risk_class}" if market.risk_class else "",
        f"number {market.number}" if market.number else "",
        f"certificate {market.certificate}" if market.certificate else "",
        f"of {day(market.certified_on)}" if market.certified_on else "",
    ]
    return ", ".join(each for each in said if each)


def thresholds(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{words(name)} {value}" for name, value in values.items())


def version_line(version: Any) -> list[str]:
    return [
        version.version,
        version.weights_sha256 or "not registered",
        version.ifu_version,
        thresholds(version.thresholds),
        version.pccp,
    ]


def configuration_line(row: InForce) -> list[str]:
    found, zone = row.configuration, row.configuration.deployment.site.timezone
    return [
        found.deployment.site.name,
        found.deployment_id,
        day(found.starts_at, zone),
        day(row.until, zone) if row.until else "in force",
        found.version.version,
        found.mode,
        words(found.role),
        thresholds(found.thresholds) or "the version’s",
    ]


def figures_block(each: FindingFigures) -> dict[str, Any]:
    began = day(each.since) if each.since else "the first study"
    ended = f"before {day(each.until)}" if each.until else "today"
    hidden = f"; counts from 1 to below {each.minimum_count} are hidden" if each.minimum_count else ""
    return {
        "finding": words(each.finding.key),
        "scope": f"truth rule {each.truth_rule}, from {began} to {ended}{hidden}",
        "rows": [figure_line(row.cell) for row in each.rows],
        "counted": count(each.sum.counted),
        "left_out": [[row.words, count(row.number)] for row in each.sum.rows],
        "logged": count(each.sum.logged),
    }


def figure_line(cell: Cell) -> dict[str, Any]:
    truths = ", ".join(f"{name} {number}" for name, number in cell.reference)
    method = cell.method + (f"; the exact area lies within {cell.bounds}" if cell.bounds else "")
    return {
        "label": cell.label + (" (agreement, not the truth)" if cell.agreement else ""),
        "reason": cell.reason,
        "value": f"{cell.value} {cell.unit}".strip(),
        "range": f"{cell.range} ({cell.level} %)",
        "cases": cell.cases,
        "positives": cell.positives,
        "method": method + (f"; truth by {truths}" if truths else ""),
    }


def claim_line(row: Any) -> list[str]:
    since = f" since {day(row.standing.since)}" if row.standing.since else ""
    why = row.standing.reason or (f"it lacks {'; '.join(row.missing)}" if row.missing else "")
    return [
        row.words + (f", line at {row.line}" if row.line else ""),
        row.organisation_name,
        row.version,
        row.standing.label + since + (f": {why}" if why else ""),
        row.standing.value,
        row.standing.range,
        "" if row.standing.patients is None else count(row.standing.patients),
    ]


def signal_block(row: SignalRow) -> dict[str, Any]:
    signal = row.signal
    ended = f", ended {day(signal.ended_on)}" if signal.ended_on else ""
    return {
        "title": row.title,
        "state": f"{signal.get_status_display()}, {signal.get_state_display()}",
        "scope": f"{row.site}, {signal.monitor.get_kind_display()}",
        "dates": f"began {day(signal.began_on)} as estimated, alarm {day(signal.alarm_on)}{ended}",
        "patients": count(row.patients),
        "uid": signal.uid,
        "steps": [
            [
                f"{moment(step.at)} UTC",
                f"{step.verb} by {step.by}" + (f": {step.words}" if step.words else ""),
                f"entry {step.proof.position} of {step.proof.organisation}"
                if step.proof and step.proof.position is not None
                else "no place in the log yet",
            ]
            for step in row.steps
        ],
    }


def package_line(package: Any) -> list[str]:
    return [
        f"{moment(package.requested_at)} UTC",
        f"{day(package.since)} to before {day(package.until)}",
        package.level,
        count(package.cases),
        package.sha256,
    ]


def thread_block(thread: Thread) -> dict[str, Any]:
    return {
        "on": thread.about.words,
        "waiting": ", ".join(thread.waiting),
        "sayings": [[f"{moment(each.at)} UTC", f"{each.by} ({each.home})", each.text] for each in thread.sayings],
    }


def log_block(row: LogRow) -> dict[str, str]:
    """Return a log's signed state in the words of its checkpoint, with the fingerprint of its key."""
    checkpoint, key = row.state.checkpoint, row.state.key
    assert checkpoint is not None  # only logs with one are printed
    said = parse_checkpoint(parse_note(checkpoint.note.encode()).text)
    return {
        "log": row.state.organisation,
        "origin": said.origin,
        "size": str(said.size),
        "root": said.root.hex(),
        "fingerprint": key.fingerprint if key else "",
        "key": key.text if key else "",
        "signed_at": f"{moment_seconds(checkpoint.signed_at)} UTC",
        "note": checkpoint.note,
    }


# One entry proved on paper, hash by hash.


def example_of(view: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return one entry that the paper shows, with each hash on its way to the signed root; nothing where none is."""
    shown = [term.entry for term, _ in view["terms"]] + [row.entry for row, _ in view["configurations"]]
    for entry in shown:
        if entry is not None and entry.position is not None:
            proved = proof_of(entry)
            if proved.holds and proved.checkpoint is not None:
                return example_lines(entry, proved)
    return None


def example_lines(entry: Entry, proved: Proved) -> dict[str, Any]:
    assert proved.checkpoint is not None  # it holds
    sides = sides_of(int(entry.position or 0), size=proved.checkpoint.size)
    return {
        "log": entry.organisation,
        "position": str(entry.position),
        "size": str(proved.checkpoint.size),
        "leaf": bytes(entry.leaf_hash).hex(),
        "steps": [[side, each] for side, each in zip(sides, proved.proof, strict=True)],
        "root": bytes(proved.checkpoint.root).hex(),
    }


def sides_of(index: int, *, size: int) -> list[str]:
    """Return on which side each hash of an inclusion proof stands, from the leaf to the root (RFC 9162, 2.1.3.2)."""
    sides, node, last = [], index, size - 1
    while last:
        if node & 1 or node == last:
            sides.append("left")
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            sides.append("right")
        node, last = node >> 1, last >> 1
    return sides
