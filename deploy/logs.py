"""What the logs leave out: addresses as they were typed, which may name a patient, and values that libraries quote."""

import logging
from typing import Any

UNSERVED = "an address that is not served"


class WithoutPaths(logging.Filter):
    """Names the route of a request instead of its path."""

    def filter(self, record: logging.LogRecord) -> bool:
        request: Any = getattr(record, "request", None)
        path = getattr(request, "path", "")
        if path and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            route = f"/{match.route}" if match else UNSERVED
            record.args = tuple(route if each == path else each for each in record.args)
        return True


class Silence(logging.Filter):
    """Lets nothing through."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


LOGGERS: dict[str, Any] = {
    "django.request": {"filters": ["without paths"]},
    # It quotes the values of elements that it finds odd; what matters of them is said by inference.dicom.
    "pydicom": {"handlers": [], "filters": ["silence"], "propagate": False},
}
