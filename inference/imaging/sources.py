"""Which deployment a result is of, and which finding a code is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference.dicom.results.codes import NO_CODE
from inference.dicom.results.saying import Algorithm, Said
from inference.imaging.models import ResultSource
from inference.registry.models import Concept, Finding, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The deployment of a result, its findings by code, and the kind of each finding."""

    deployment: str
    findings: Mapping[str, str]
    kinds: Mapping[str, str]
    answers: Mapping[str, str]

    def finding_of(self, said: Said) -> str:
        """Return the finding of what was said: by its own code, then by its quantity, then by its site; or nothing."""
        for code in (said.finding, said.quantity, said.site):
            if code != NO_CODE and (found := self.findings.get(str(code))):
                return found
        return ""


def target_of(algorithm: Algorithm, *, site: Site, calling_ae: str) -> Target | None:
    """Return whose result it is, or None where nobody said."""
    sources = ResultSource.objects.filter(site=site, ended_at=None).select_related("deployment")
    fitting = [each for each in sources if fits(each, algorithm=algorithm, calling_ae=calling_ae)]
    if not fitting:
        return None
    source = max(fitting, key=precision)
    return target(source)


def fits(source: ResultSource, *, algorithm: Algorithm, calling_ae: str) -> bool:
    wanted = (
        (source.calling_ae, calling_ae),
        (source.manufacturer, algorithm.manufacturer),
        (source.algorithm, algorithm.name),
    )
    return all(not asked or asked.casefold() == said.casefold() for asked, said in wanted)


def precision(source: ResultSource) -> tuple[int, int]:
    return sum(map(bool, (source.calling_ae, source.manufacturer, source.algorithm))), -source.pk


def target(source: ResultSource) -> Target:
    findings = list(Finding.objects.filter(product=source.deployment.product_id))
    concepts = [each.concept_id for each in findings]
    codes = dict(Concept.objects.filter(pk__in=concepts).values_list("pk", "code"))
    by_code = {codes[each.concept_id]: each.key for each in findings if codes.get(each.concept_id)}
    return Target(
        deployment=source.deployment_id,
        findings=by_code | dict(source.findings),
        kinds={each.key: each.kind for each in findings},
        answers=dict(source.answers),
    )


def unknown_codes(said: Sequence[Said], target: Target) -> list[str]:
    return sorted({f"{each.finding} {each.finding.meaning}".strip() for each in said if not target.finding_of(each)})
