"""Index of the subjects' tables, for Django only: import tables from their subject."""

from monitoring.cases.models import Case
from monitoring.claims.models import ClaimSwitch
from monitoring.evidence.models import Package
from monitoring.labelling.models import DrawnCase, LabelPlan, PlanWithdrawal
from monitoring.rollups.models import Cursor, MonthSum
from monitoring.signals.models import Monitor, Signal

__all__ = [
    "Case",
    "ClaimSwitch",
    "Cursor",
    "DrawnCase",
    "LabelPlan",
    "Monitor",
    "MonthSum",
    "Package",
    "PlanWithdrawal",
    "Signal",
]
