"""`manage.py import_events FILE --site KEY`: take events in from a file."""

from inference.connectors.commands import ImportCommand


class Command(ImportCommand):
    plural = "events"
