"""`manage.py create_user NAME --role R`: make a log-in and print its password, once."""

import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from audit.access.actions import GrantValues, create_user
from audit.access.models import Level, Role
from audit.errors import AuditError
from inference.registry.accounts import check_binding

CANNOT_CREATE = 2


class Command(BaseCommand):
    help = "Create a user with one role, bound to an organisation, a site or a product, and print the password once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--role", required=True, choices=Role.values)
        for binding in ("organisation", "site", "product"):
            parser.add_argument(f"--{binding}", default="", metavar="KEY")
        parser.add_argument("--level", default=Level.IMAGES.value, choices=Level.values)
        parser.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="the last day, as 2026-12-31 (UTC)")
        parser.add_argument("--printed-name", default="", metavar="TEXT", help="as it stands on documents")

    def handle(self, *args: Any, **options: Any) -> None:
        values = GrantValues(**{name: options[name] for name in ("role", "organisation", "site", "product", "level")})
        try:
            check_binding(values)
            user, password = create_user(
                username=options["name"],
                printed_name=options["printed_name"],
                role=values.role,
                organisation=values.organisation,
                site=values.site,
                product=values.product,
                level=values.level,
                expires_at=moment_after(options["until"]),
                by="command:create_user",
                now=timezone.now(),
            )
        except AuditError as error:
            self.stderr.write(f"No user was created. {error}")
            sys.exit(CANNOT_CREATE)
        self.stdout.write(f"user      {user.username}\npassword  {password}\nIt is not shown again.")
        for grant in user.grants.exclude(expires_at=None):
            self.stdout.write(f"The role ends at {grant.expires_at:%Y-%m-%d %H:%M} UTC; an administrator extends it.")


def moment_after(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
