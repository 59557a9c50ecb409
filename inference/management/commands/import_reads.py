"""`manage.py import_reads FILE --site KEY`: take reads in from a file."""

from inference.connectors.commands import ImportCommand


class Command(ImportCommand):
    plural = "reads"
