"""Registers the claims of a product. What makes two claims different is their identity; the rest stands as labelled."""

from hashlib import sha256

from inference.registry.ledger import Ledger
from inference.registry.lines import ClaimLine
from inference.registry.lookups import refuse_line, registered
from inference.registry.models import Claim, Product, TruthRule
from inference.registry.vocabulary import POPULATION_DIMENSIONS

LONGEST_QUALIFIER = 120


def put_claim(line: ClaimLine, *, product: Product, ledger: Ledger) -> None:
    subject = subject_of(line, product=product)
    if not product.findings.filter(key=line.finding).exists():
        refuse_line(line.line, subject, f"{line.finding!r} is not a finding of {product.pk}")
    refuse_unknown_dimensions(line, product=product, subject=subject)
    rule = registered(TruthRule, line.truth_rule, line=line.line, subject=subject)
    ledger.put(
        Claim,
        subject=subject,
        line=line.line,
        identity={
            "product": product,
            "finding": line.finding,
            "metric": line.metric,
            "market": line.market,
            "unit": line.unit,
            "population": dict(line.population),
            "effect": line.effect,
            "comparator": line.comparator,
            "summary": line.summary,
            "limit": line.limit,
            "ifu_version": line.ifu_version,
        },
        stated={
            "value": line.value,
            "margin": line.margin,
            "truth_rule_id": rule.pk,
            "source": line.source,
            "verified": line.verified,
            "comparator_value": line.comparator_value,
            "direction": line.direction,
            "upper": line.upper,
        },
        initial={},
        logs=(product.manufacturer_id,),
    )


def subject_of(line: ClaimLine | Claim, *, product: Product) -> str:
    """Return how the log names a claim; what most claims do not say adds nothing."""
    plain = f"claim/{product.pk}/{line.finding}/{line.metric}/{line.market}/{line.unit}"
    said = [f"{name}={'|'.join(values)}" for name, values in line.population.items()]
    said += [line.effect] if line.effect != "absolute" else []
    said += [f"against {line.comparator}"] if line.comparator else []
    said += [f"{line.summary} {line.limit:g}" if line.limit is not None else line.summary] if line.summary else []
    said += [f"ifu {line.ifu_version}"] if line.ifu_version else []
    qualifier = ", ".join(said)
    if len(qualifier) > LONGEST_QUALIFIER:
        qualifier = sha256(qualifier.encode()).hexdigest()[:16]
    return f"{plain}/{qualifier}" if qualifier else plain


def refuse_unknown_dimensions(line: ClaimLine, *, product: Product, subject: str) -> None:
    known = {*POPULATION_DIMENSIONS, *product.dimensions}
    for name in line.population:
        if name not in known:
            refuse_line(
                line.line,
                subject,
                f"population: {name!r} is not a dimension of {product.pk}; there are {', '.join(sorted(known))}",
            )
