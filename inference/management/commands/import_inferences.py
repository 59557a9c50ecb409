"""`manage.py import_inferences FILE --deployment KEY`: take inferences in from a file."""

from inference.connectors.commands import ImportCommand


class Command(ImportCommand):
    plural = "inferences"
    by_deployment = True
