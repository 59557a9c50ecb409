"""`manage.py import_truth FILE --site KEY`: take truth in from a file."""

from inference.connectors.commands import ImportCommand


class Command(ImportCommand):
    plural = "truth"
