"""`manage.py create_token (--deployment KEY | --site KEY | --user NAME)`: print a bearer token, once."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from audit.access.models import User
from audit.errors import AuditError, UnknownKeyError
from inference.registry.accounts import create_token_for

CANNOT_CREATE = 2


class Command(BaseCommand):
    help = "Create a bearer token of a deployment, a site or a user and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        holder = parser.add_mutually_exclusive_group(required=True)
        holder.add_argument("--deployment", default="", metavar="KEY")
        holder.add_argument("--site", default="", metavar="KEY")
        holder.add_argument("--user", default="", metavar="NAME")
        scopes = "a user's token reads what its user may read, or makes and closes log-ins (SCIM)"
        parser.add_argument("--scope", default="", choices=("", "read", "provision"), help=scopes)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _, secret = create_token_for(
                deployment=options["deployment"],
                site=options["site"],
                user=user_named(options["user"]),
                scope=options["scope"],
                by="command:create_token",
                now=timezone.now(),
            )
        except AuditError as error:
            self.stderr.write(f"No token was created. {error}")
            sys.exit(CANNOT_CREATE)
        self.stdout.write(secret)
        self.stderr.write("It is not shown again.")


def user_named(name: str) -> User | None:
    if not name:
        return None
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise UnknownKeyError(noun="user", key=name)
    return found
