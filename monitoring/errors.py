"""Errors that the monitoring package raises on purpose."""


class MonitoringError(Exception):
    """Base of every error this package raises on purpose."""


class SignalStateError(MonitoringError):
    def __init__(self, signal_uid: str) -> None:
        super().__init__(f"Signal {signal_uid} is not open; reload it to see who took it.")


class UnknownScopeError(MonitoringError):
    """The estimate names a deployment, product, site, finding or rule that is not registered."""


class ReportError(MonitoringError):
    """A report cannot be made; the message says why and what to do."""


class UnreadablePackageError(MonitoringError):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is no evidence package; give the zip file of an earlier export.")


class PackageStateError(MonitoringError):
    def __init__(self, uid: str) -> None:
        super().__init__(f"The package {uid} is finished already; reload the page to see what became of it.")


class PackageCancelledError(MonitoringError):
    def __init__(self, uid: str) -> None:
        super().__init__(f"The package {uid} was cancelled.")


class ClaimSwitchError(MonitoringError):
    """A claim cannot be switched on or off; the message says what it lacks."""


class LabelPlanError(MonitoringError):
    """A plan of labels cannot be drawn or withdrawn; the message says why."""
