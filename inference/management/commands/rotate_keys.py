"""`manage.py rotate_keys --organisation KEY [--finish]`: new keys for a provider's pseudonyms and vault.

Without --finish a new pair begins: it makes whatever is new, and both are
read. With it, links and ciphertexts are brought to the new pair in batches.
Exit 0: done; 2: not possible now; 3: some rows could not be brought forward.
"""

import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from inference.errors import RotationError
from inference.registry.models import Organisation
from inference.retention.rotation import LASTING, begin_rotation, finish_rotation

NOT_NOW = 2
SOME_LEFT = 3
ACTOR = "command:rotate_keys"


class Command(BaseCommand):
    help = "Rotate the keys of a provider's pseudonyms and vault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organisation", required=True, metavar="KEY")
        parser.add_argument("--finish", action="store_true", help="bring every link and ciphertext to the new keys")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = options["organisation"]
        if not Organisation.objects.filter(pk=organisation).exists():
            self.fail(f"The organisation {organisation} is not registered.")
        try:
            self.finish(organisation) if options["finish"] else self.begin(organisation)
        except RotationError as problem:
            self.fail(str(problem))

    def begin(self, organisation: str) -> None:
        keyring = begin_rotation(organisation, actor=ACTOR, now=timezone.now())
        self.stdout.write(f"New keys: pseudonyms {keyring.key_id}, vault {keyring.vault_key_id}. Both pairs are read.")
        self.stdout.write("Copy the key files to every machine of the installation, then run this with --finish.")

    def finish(self, organisation: str) -> None:
        done = finish_rotation(organisation, actor=ACTOR, now=timezone.now())
        self.stdout.write(f"{done.links} links and {done.values} ciphertexts are under the new keys.")
        self.stdout.write(f"As ever: {LASTING}.")
        if not done.is_complete:
            left = ", ".join(f"{count} {name}" for name, count in done.left.items() if count)
            self.stdout.write(f"Not brought forward, for their keys are not held or they are damaged: {left}.")
            sys.exit(SOME_LEFT)

    def fail(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(NOT_NOW)
