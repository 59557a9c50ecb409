"""What a person may ask a package for."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django import forms

from monitoring.evidence.queries import Reach, level_over
from monitoring.evidence.scopes import Wanted


class PackageForm(forms.Form):
    product = forms.ChoiceField(label="Product")
    site = forms.ChoiceField(label="Site", required=False)
    signal = forms.CharField(label="Signal", required=False, max_length=64, help_text="its uid, or empty for all")
    study = forms.UUIDField(label="Study", required=False, help_text="its random id, or empty for all")
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

    def __init__(self, *args: Any, reach: Mapping[str, Reach], **named: Any) -> None:
        super().__init__(*args, **named)
        self._reach = reach
        products = {each.deployment.product_id: each.deployment.product.name for each in reach.values()}
        sites = {each.deployment.site_id: each.deployment.site.name for each in reach.values()}
        self.fields["product"].choices = sorted(products.items())  # type: ignore[attr-defined]
        self.fields["site"].choices = [("", "all of them"), *sorted(sites.items())]  # type: ignore[attr-defined]

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
            since=values["since"],
            until=values["until"],
            as_of=as_of,
            level=level_over(chosen),
            minimum_count=max(each.minimum_count for each in chosen),
            deployments=tuple(each.deployment.pk for each in chosen),
        )
