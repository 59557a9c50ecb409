"""The content of a package, in order: cases, facts, figures, what is registered and watched, documents, the index."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.log.canonical_bytes import canonical_bytes
from audit.packages.bags import BagWriter
from audit.packages.crates import Crate, write_crate
from monitoring.evidence import watched
from monitoring.evidence.claimed import claim_documents
from monitoring.evidence.deidentifying import deidentification_document
from monitoring.evidence.dictionary import CASES, CHART_POINTS, Table, dictionary_document, table_named
from monitoring.evidence.documents import ABOUT, Parts, scope_document, twins
from monitoring.evidence.entries import positions_of_facts
from monitoring.evidence.facts import Frozen, write_disguised_facts, write_facts
from monitoring.evidence.headline import figure_sets, figures_document
from monitoring.evidence.index_page import write_index
from monitoring.evidence.paper import code_of, pdf_of
from monitoring.evidence.paths import chart_points
from monitoring.evidence.registered import registry_document, rules_document
from monitoring.evidence.renditions import write_renditions
from monitoring.evidence.research import Disguise, in_disguise
from monitoring.evidence.rows import CASES_AT_ONCE, Met, case_rows_of, number_of_cases
from monitoring.evidence.software import software_document
from monitoring.evidence.tables import CsvFile, ParquetTables
from monitoring.evidence.under_way import Making

DATA_LICENCE = (
    "Evidence on a medical device, given to its receiver for the purpose that scope.json states; "
    "it is not to be passed on or joined with data that identifies people."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What was written: the cases met, and the positions of their facts in each log."""

    met: Met
    frozen: Frozen


def write_content(bag: BagWriter, making: Making, *, kept: Mapping[str, bytes]) -> Content:
    scope, met = making.scope, Met()
    frozen: Frozen = {}
    if scope.has_rows and scope.is_research:
        disguise = Disguise(package=making.content_id)
        write_disguised_cases(bag, making, met=met, disguise=disguise)
        write_disguised_facts(bag, making, studies=met.studies, disguise=disguise)
    elif scope.has_rows:
        write_cases(bag, making, met=met)
        frozen = frozen_positions(making, met=met)
        write_facts(bag, making, frozen=frozen)
        write_paths(bag, making)
        write_renditions(bag, making, frozen=frozen)
    parts = parts_of(making, met=met)
    for name, (value, about) in files_of(parts).items():
        bag.add(f"data/{name}.json", [readable(value)], about=about)
    write_papers(bag, making, parts)
    for organisation, note in kept.items():
        bag.add(f"data/previous/{organisation}", [note], about="Checkpoint of the package that this one follows on.")
    write_index(bag, making, parts)
    write_crate(bag, crate_of(making))
    return Content(met=met, frozen=frozen)


# 1. Rows.


def write_cases(bag: BagWriter, making: Making, *, met: Met) -> None:
    of = number_of_cases(making.scope)
    rows = making.counted(case_rows_of(making.scope, met=met), step="writing the cases", of=of)
    write_table(bag, table_named(CASES), rows)


def write_disguised_cases(bag: BagWriter, making: Making, *, met: Met, disguise: Disguise) -> None:
    rows = in_disguise(case_rows_of(making.scope, met=met), disguise=disguise, at_once=CASES_AT_ONCE)
    write_table(bag, table_named(CASES), making.counted(rows, step="writing the cases in disguise"))


def write_paths(bag: BagWriter, making: Making) -> None:
    points = chart_points(making.scope, by=making.instant)
    rows = making.counted(points, step="drawing the charts again")
    write_table(bag, table_named(CHART_POINTS), rows)


def write_table(bag: BagWriter, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Write each row three times, as a canonical line, as CSV and as Parquet, reading it once."""
    about = f"{table.about} One canonical JSON object a line."
    with (
        ParquetTables(bag, [table]) as parquet,
        bag.aside(f"{table.stem}.csv", about=table.about) as csv_file,
        bag.open(f"{table.stem}.ndjson", about=about) as lines,
    ):
        csv = CsvFile(table, file=csv_file)
        for row in rows:
            lines.write(canonical_bytes(row) + b"\n")
            csv.add(row)
            parquet.add(table.name, row)


def frozen_positions(making: Making, *, met: Met) -> Frozen:
    scope = making.scope
    making.tell("finding the facts", 0, 0)
    return {
        log: positions_of_facts(scope, organisation=log, studies=met.studies, until=scope.wanted.as_of)
        for log in scope.organisations
    }


# 2. What is said of them.


def parts_of(making: Making, *, met: Met) -> Parts:
    scope, by = making.scope, making.instant
    making.tell("computing the figures", 0, 0)
    sets = figure_sets(scope)
    making.tell("collecting what was registered and watched", 0, 0)
    return Parts(
        scope=scope_document(making, opted_out=len(scope.opted_out)),
        counts=met.counts if scope.has_rows else None,
        figures=figures_document(scope, sets=sets),
        registry=registry_document(scope, by=by),
        rules=rules_document(scope, by=by),
        software=software_document(),
        claims=claim_documents(scope, by=by),
        monitors=watched.monitor_documents(scope, by=by),
        signals=watched.signal_documents(scope, by=by),
        investigations=watched.investigation_documents(scope, by=by),
        decisions=watched.decision_documents(scope, by=by),
        signatures=watched.signature_documents(scope, by=by),
        changes=[],
        deidentification=deidentification_document(scope, opted_out=len(scope.opted_out)),
    )


def files_of(parts: Parts) -> dict[str, tuple[Any, str]]:
    """Return each JSON file with what it is."""
    return {
        "scope": (parts.scope, "What was asked for."),
        "figures": (
            parts.figures,
            "Headline figures, with the code and parameters that made them.",
        ),
        "registry": (parts.registry, "What is registered of the product."),
        "rules": (parts.rules, "Rules in force with their dates: truth, mapping, sites, configurations, sharing."),
        "software": (parts.software, "What made this package, and every library installed with it (SOUP)."),
        "claims": (parts.claims, "How each labelled claim stands."),
        "monitors": (parts.monitors, "The design of each monitor as it was frozen."),
        "signals": (parts.signals, "Signals with their evidence, states and steps."),
        "investigations": (parts.investigations, "What people did about each signal."),
        "decisions": (parts.decisions, "Decisions, with the signatures on them."),
        "changes": (parts.changes, "Change records; none is recorded yet."),
        "signatures": (parts.signatures, "Signatures of people on what is in this package."),
        "deidentification": (parts.deidentification, "What was done to what may identify."),
        "dictionary": (
            dictionary_document(is_research=not parts.scope["provable"]),
            "The data dictionary, for programs.",
        ),
    }


def readable(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"


# 3. Documents.


def write_papers(bag: BagWriter, making: Making, parts: Parts) -> None:
    for name, twin in twins(making, parts).items():
        making.tell(f"setting the document {name}", 0, 0)
        codes = [code_of(each["note"]) for each in twin["checkpoints"]]
        paper = pdf_of(name, twin, codes=codes, instant=making.instant)
        bag.add(f"data/documents/{name}.pdf", [paper], about=ABOUT[name])
        bag.add(f"data/documents/{name}.json", [readable(twin)], about=f"The figures of {name}.pdf, for programs.")


def crate_of(making: Making) -> Crate:
    wanted = making.scope.wanted
    return Crate(
        uid=making.content_id,
        name=f"Evidence on {making.scope.product.name}",
        description=f"Evidence package on {wanted.product}, {wanted.since} to {wanted.until}, level {wanted.level}",
        licence=DATA_LICENCE,
        authors=making.logs,
        published_at=making.instant.isoformat(),
        covers=f"{wanted.since}/{wanted.until}",
        made_by="Radvigil",
    )
