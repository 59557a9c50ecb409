"""What a person may ask a package for."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from django import forms

from monitoring.evidence.models import Package
from monitoring.evidence.queries import Reach, is_outside, level_over, path_of_uid, receivers
from monitoring.evidence.scopes import OUTSIDE, REGULATOR, RESEARCH, Wanted

PURPOSES = [(REGULATOR, "evidence: dates stand, every fact can be proved"),
            (RESEARCH, "research: dates shifted per patient, not provable")]  # fmt: skip
RENDITIONS = [("fhir", "FHIR R4"), ("dicom-sr", "DICOM SR (TID 1500)")]


class PackageForm(forms.Form):
    product = forms.ChoiceField(label="Product")
    site = forms.ChoiceField(label="Site", required=False)
    since = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label="Before", widget=forms.DateInput(attrs={"type": "date"}), help_text="the first day that is left out"
    )
    as_of = forms.DateTimeField(
        label="As known at",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
        help_text="UTC; empty for now",
    )
    signal = forms.CharField(label="Signal", required=False, max_length=64, help_text="its uid, or empty for all")
    study = forms.UUIDField(label="Study", required=False, help_text="its random id, or empty for all")
    change = forms.CharField(
        label="Change", required=False, max_length=64, help_text="none is recorded yet; leave it empty"
    )
    purpose = forms.ChoiceField(label="Purpose", choices=PURPOSES, required=False)
    recipient = forms.ChoiceField(
        label="Receiver", required=False, help_text="outside the house, people who opted out stay out of it"
    )
    previous = forms.ChoiceField(label="Follows on", required=False, help_text="its logs must extend that one's")
    renditions = forms.MultipleChoiceField(
        label="Also as", choices=RENDITIONS, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, reach: Mapping[str, Reach], user: Any = None, earlier: Sequence[Package] = (), **named: Any
    ) -> None:
        super().__init__(*args, **named)
        self._reach, self._user = reach, user
        products = {each.deployment.product_id: each.deployment.product.name for each in reach.values()}
        sites = {each.deployment.site_id: each.deployment.site.name for each in reach.values()}
        self.choose("product", sorted(products.items()))
        self.choose("site", [("", "all of them"), *sorted(sites.items())])
        self.choose("recipient", [("", "this house"), *receivers(reach.values())])
        self.choose("previous", [("", "no earlier one"), *((each.uid, words_of(each)) for each in earlier)])

    def choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("since") and values.get("until") and values["until"] <= values["since"]:
            self.add_error("until", "The period ends before it begins.")
        if values.get("product") and not self.chosen():
            self.add_error("site", "The product does not run at this site.")
        return values

    def chosen(self) -> list[Reach]:
        """The deployments within the person's reach that the form means."""
        product, site = self.cleaned_data.get("product"), self.cleaned_data.get("site")
        mine = [each for each in self._reach.values() if each.deployment.product_id == product]
        return [each for each in mine if not site or each.deployment.site_id == site]

    def wanted(self) -> Wanted:
        """Return the export as it was asked for, no deeper than all of its deployments allow."""
        values, chosen = self.cleaned_data, self.chosen()
        as_of = values["as_of"].astimezone(UTC) if values["as_of"] else None
        return Wanted(
            product=values["product"],
            site=values["site"],
            study=values["study"],
            signal=values["signal"],
            change=values["change"],
            since=values["since"],
            until=values["until"],
            as_of=as_of,
            previous=path_of_uid(values["previous"]) if values["previous"] else None,
            level=level_over(chosen),
            minimum_count=max(each.minimum_count for each in chosen),
            deployments=tuple(each.deployment.pk for each in chosen),
            purpose=values["purpose"] or REGULATOR,
            recipient=values["recipient"] or (OUTSIDE if is_outside(self._user, chosen) else ""),
            renditions=tuple(sorted(values["renditions"])),
        )


def words_of(package: Package) -> str:
    where = f" at {package.site_id}" if package.site_id else ""
    return f"{package.product_id}{where}, {package.since} to {package.until}, {package.requested_at:%Y-%m-%d %H:%M}"
