"""What a person says when they switch a claim on or off."""

from django import forms

from monitoring.claims.designs import ALARM_YEARS, AS_THEY_COME, DRAWN, LARGEST_WEIGHT, PERIOD_DAYS


class SwitchOnForm(forms.Form):
    reason = forms.CharField(label="Why is the product held to it?", max_length=300, min_length=5)
    period_days = forms.TypedChoiceField(
        label="The present is",
        choices=[(90, "90 days"), (180, "180 days"), (365, "365 days")],
        coerce=int,
        initial=PERIOD_DAYS,
    )
    alarm_years = forms.TypedChoiceField(
        label="At most one false alarm in",
        choices=[(5, "5 years"), (10, "10 years"), (20, "20 years")],
        coerce=int,
        initial=ALARM_YEARS,
    )
    labels = forms.ChoiceField(
        label="Labels that count",
        choices=[
            (AS_THEY_COME, "all, each for itself: whoever is labelled is taken to be like the rest"),
            (DRAWN, "those that a label plan drew, weighted by one over their chance"),
        ],
        initial=AS_THEY_COME,
    )
    ceiling = forms.FloatField(
        label="Largest weight of a drawn case (1 / its chance)", min_value=1, max_value=1000, initial=LARGEST_WEIGHT
    )
    from_launch = forms.BooleanField(
        label="Count labels that are here already (the design is then made with them in view, and the page says so)",
        required=False,
    )
    is_read = forms.BooleanField(label="I have read the figure in the source document")


class SwitchOffForm(forms.Form):
    reason = forms.CharField(label="Why is it no longer held to it?", max_length=300, min_length=5)
