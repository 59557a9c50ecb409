"""The language model as a labeller, behind the same interface as the rules, where a site has switched it on.

Its labels name it; how often each labeller is right is measured against
adjudicated truth (monitoring.performance).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from inference.messages.hl7_rows import Report
from inference.messages.language_models import PROMPT_VERSION, Answer, LanguageModel, LanguageModelError, ask
from inference.messages.models import InboundMessage, ModelAnswer, ModelSwitch
from inference.messages.receiving import FHIR, Taken, label, understood
from inference.messages.report_rules import Label, Reading, Rule
from inference.messages.scrubbing import scrubbed
from inference.registry.models import Finding, Site
from inference.studies.pseudonyms import keyring_of

READ_STATUSES = ("F", "C")
AT_ONCE = 50


@dataclass(slots=True, kw_only=True)
class ModelLabeller:
    """A language model; keeps its last answer, which is stored beside the labels."""

    model: LanguageModel
    findings: Sequence[str]
    known: Sequence[str] = ()
    last: Answer | None = None

    @property
    def name(self) -> str:
        return self.model.labeller

    def read(self, report: Report) -> Reading:
        """Raises LanguageModelError where the model gives no answer that can be used."""
        self.last = ask(self.model, text=scrubbed(report.text, known=self.known), findings=self.findings)
        return Reading(
            labels=tuple(
                Label(rule=self.rule(finding), region="", value=value, certainty=certainty)
                for finding, (value, certainty) in self.last.labels.items()
            )
        )

    def rule(self, finding: str) -> Rule:
        return Rule(key=self.name, finding=finding, code=self.name, standard="report_labeller", labeller=self.name)


def language_model() -> LanguageModel | None:
    """Return the model that the installation names, or None."""
    url, name = settings.RADVIGIL_LANGUAGE_MODEL_URL, settings.RADVIGIL_LANGUAGE_MODEL
    return LanguageModel(url=url, model=name, key=settings.RADVIGIL_LANGUAGE_MODEL_KEY) if url and name else None


def is_on(site: Site, *, model: LanguageModel) -> bool:
    newest = ModelSwitch.objects.filter(site=site).order_by("-id").first()
    return newest is not None and newest.is_on and newest.model == model.model


def label_unread(*, now: datetime) -> int:
    """Let the model read reports that it has not read yet, oldest first; return how many it read."""
    model = language_model()
    if model is None:
        return 0
    sites = [site for site in Site.objects.order_by("pk") if is_on(site, model=model)]
    unread = (
        InboundMessage.objects.filter(site__in=sites)
        .exclude(ciphertext=b"")
        .exclude(answers__model=model.model, answers__prompt_version=PROMPT_VERSION)
    )
    reports = unread.filter(kind__startswith="ORU") | unread.filter(kind__startswith=FHIR)
    return sum(
        read_message(each, model=model, now=now) for each in reports.select_related("site").order_by("id")[:AT_ONCE]
    )


def read_message(message: InboundMessage, *, model: LanguageModel, now: datetime) -> bool:
    """Let the model read one message. An answer that cannot be used is kept, and not asked for again."""
    content = understood(message)
    findings = sorted(
        set(Finding.objects.filter(product__deployments__site=message.site).values_list("concept", flat=True))
    )
    labeller = ModelLabeller(model=model, findings=findings, known=names_in(content.reports))
    taken = Taken(state=message.state)
    problem = ""
    readings = []
    try:
        readings = [
            (each, labeller.read(each)) for each in content.reports if each.status in READ_STATUSES and each.text
        ]
    except LanguageModelError as error:
        if "does not answer" in str(error):
            return False  # asked again at the next sweep
        problem = str(error)
    with transaction.atomic():
        for number, (report, reading) in enumerate(readings, start=1):
            start = f"{content.start}/{labeller.name}/{number}"
            label(report, reading, start=start, kept=message, taken=taken, now=now, labeller=labeller.name)
        store_answer(message, labeller=labeller, labels=len(taken.receipts), problem=problem, now=now)
    return True


def names_in(reports: Sequence[Report]) -> list[str]:
    """Return what the message says of the patient and the reader, to be taken out of the text by value."""
    found = []
    for report in reports:
        found += [report.accession_number, report.study_uid, report.reader, *report.names]
        found += [report.patient.identifier] if report.patient else []
    return found


def store_answer(message: InboundMessage, *, labeller: ModelLabeller, labels: int, problem: str, now: datetime) -> None:
    keyring = keyring_of(message.site.organisation_id)
    raw = labeller.last.raw if labeller.last else ""
    ModelAnswer.objects.create(
        message=message,
        model=labeller.model.model,
        prompt_version=PROMPT_VERSION,
        ciphertext=keyring.seal(raw.encode(), subject=f"answer/{message.digest}"),
        labels=labels,
        problem=problem[:300],
        at=now,
    )
