"""`manage.py import_responses FILE --site KEY`: take responses in from a file."""

from inference.connectors.commands import ImportCommand


class Command(ImportCommand):
    plural = "responses"
