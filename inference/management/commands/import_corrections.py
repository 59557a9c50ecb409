"""`manage.py import_corrections FILE --site KEY`: take corrections in from a file."""

from inference.connectors.commands import ImportCommand


class Command(ImportCommand):
    plural = "corrections"
