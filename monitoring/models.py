"""Index of the subjects' tables, for Django only: import tables from their subject."""

from monitoring.cases.models import Case
from monitoring.claims.models import ClaimSwitch
from monitoring.evidence.models import Package
from monitoring.rollups.models import Cursor, DailySum
from monitoring.signals.models import Monitor, Signal

__all__ = ["Case", "ClaimSwitch", "Cursor", "DailySum", "Monitor", "Package", "Signal"]
