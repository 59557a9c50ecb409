"""Registers products with their markets, findings, versions and claims."""

from collections.abc import Mapping

from inference.errors import HistoryError
from inference.registry.claims import put_claim
from inference.registry.history import shown
from inference.registry.ledger import Ledger
from inference.registry.lines import FindingLine, MarketLine, ProductLine, RegistryFile, VersionLine
from inference.registry.lookups import refuse_line, registered
from inference.registry.models import Concept, Deployment, Finding, Market, Organisation, Product, Version
from inference.registry.vocabulary import default_scale


def put_products(file: RegistryFile, *, ledger: Ledger) -> None:
    for line in file.products:
        product = put_product(line, file=file, ledger=ledger)
        for market in line.markets:
            put_market(market, product=product, ledger=ledger)
        for finding in line.findings:
            put_finding(finding, product=product, ledger=ledger)
        for version in line.versions:
            put_version(version, product=product, ledger=ledger)
        for claim in line.claims:
            put_claim(claim, product=product, ledger=ledger)


def put_product(line: ProductLine, *, file: RegistryFile, ledger: Ledger) -> Product:
    subject = f"product/{line.key}"
    stored = Product.objects.filter(pk=line.key).first()
    manufacturer = line.manufacturer or (stored.manufacturer_id if stored else file.organisation)
    if not manufacturer:
        refuse_line(line.line, subject, "manufacturer is required where the file has no `organisation:`")
    registered(Organisation, manufacturer, line=line.line, subject=subject)
    if stored is not None:
        refuse_rewritten_slices(stored, line=line)
    return ledger.put(
        Product,
        subject=subject,
        line=line.line,
        identity={"key": line.key},
        stated={
            "name": line.name,
            "manufacturer_id": manufacturer,
            "intended_use": line.intended_use,
            "udi_di": line.udi_di,
            "dimensions": line.dimensions,
            "regions": line.regions,
        },
        initial={"name": line.key},
        logs=(manufacturer,),
    )


def put_market(line: MarketLine, *, product: Product, ledger: Ledger) -> None:
    ledger.put(
        Market,
        subject=f"market/{product.pk}/{line.market}",
        line=line.line,
        identity={"product": product, "market": line.market},
        stated={
            "pathway": line.pathway,
            "risk_class": line.risk_class,
            "number": line.number,
            "certificate": line.certificate,
            "certified_on": line.certified_on,
        },
        initial={},
        logs=(product.manufacturer_id,),
    )


def put_finding(line: FindingLine, *, product: Product, ledger: Ledger) -> None:
    subject = f"finding/{product.pk}/{line.key}"
    stored = Finding.objects.filter(product=product, key=line.key).first()
    concept = concept_named(line.concept or (stored.concept_id if stored else line.key), ledger=ledger)
    kind = line.kind or concept.kind or refuse_line(line.line, subject, "kind is required")
    stated = {
        "concept_id": concept.pk,
        "kind": kind,
        "scale": line.scale,
        "unit": line.unit,
        "range": line.range,
        "classes": line.classes,
        "matching": line.matching,
    }
    refuse_disagreement(stated, concept=concept, line=line, subject=subject)
    ledger.put(
        Finding,
        subject=subject,
        line=line.line,
        identity={"product": product, "key": line.key},
        stated=stated,
        initial={"scale": default_scale(kind), "unit": concept.unit, "classes": concept.classes},
        logs=(product.manufacturer_id,),
    )


def concept_named(key: str, *, ledger: Ledger) -> Concept:
    """Return the concept of a finding; one that no file has described yet is registered under its key alone."""
    stored = Concept.objects.filter(pk=key).first()
    if stored is not None:
        return stored
    return ledger.put(
        Concept, subject=f"concept/{key}", line=0, identity={"key": key}, stated={}, initial={"name": key}
    )


def refuse_disagreement(stated: Mapping[str, object], *, concept: Concept, line: FindingLine, subject: str) -> None:
    """Refuse a finding whose kind, unit or classes are not those of its concept."""
    for name in ("kind", "unit", "classes"):
        said, stands = stated[name], getattr(concept, name)
        said = list(said) if isinstance(said, tuple) else said
        if said is not None and stands and said != stands:
            refuse_line(
                line.line, subject, f"{name} {said} does not agree with the concept {concept.pk}, which has {stands}"
            )


def put_version(line: VersionLine, *, product: Product, ledger: Ledger) -> None:
    subject = f"version/{product.pk}/{line.version}"
    check_thresholds(line.thresholds or {}, product=product, line=line.line, subject=subject)
    ledger.put(
        Version,
        subject=subject,
        line=line.line,
        identity={"product": product, "version": line.version},
        stated={
            "weights_sha256": line.weights_sha256,
            "base_weights_sha256": line.base_weights_sha256,
            "thresholds": line.thresholds,
            "preprocessing": line.preprocessing,
            "ifu_version": line.ifu_version,
            "development_population": line.development_population,
            "pccp": line.pccp,
        },
        initial={"registered_at": ledger.now},
        logs=(product.manufacturer_id,),
    )


def check_thresholds(thresholds: Mapping[str, float], *, product: Product, line: int, subject: str) -> None:
    """Refuse a threshold of an unknown finding, or one that no score can be compared with."""
    findings = {finding.key: finding for finding in product.findings.all()}
    for key, threshold in thresholds.items():
        if key not in findings:
            refuse_line(line, subject, f"thresholds: {key!r} is not a finding of {product.pk}")
        lowest, highest = score_limits(findings[key])
        if not lowest <= threshold <= highest:
            refuse_line(line, subject, f"thresholds: {key} is {threshold}, outside its scores of {lowest} to {highest}")


def score_limits(finding: Finding) -> tuple[float, float]:
    if finding.range:
        return (finding.range[0], finding.range[1])
    return (0.0, 1.0) if finding.scale == "probability" else (float("-inf"), float("inf"))


def refuse_rewritten_slices(product: Product, *, line: ProductLine) -> None:
    """Refuse to drop a dimension, or to change regions once the product is deployed."""
    subject = f"product/{product.pk}"
    dropped = set(product.dimensions) - set(product.dimensions if line.dimensions is None else line.dimensions)
    if dropped:
        raise HistoryError(
            f"Line {line.line}, {subject}: dimensions would lose {', '.join(sorted(dropped))}. Figures so far are "
            "sliced on it: keep it in the list."
        )
    changed = line.regions is not None and list(line.regions) != product.regions
    if changed and Deployment.objects.filter(product=product).exists():
        raise HistoryError(
            f"Line {line.line}, {subject}: regions are {shown(product.regions)} and would become "
            f"{shown(list(line.regions or ()))}. They decide what predictions so far mean: register a new product."
        )
