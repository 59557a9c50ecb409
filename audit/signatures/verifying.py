"""Holds every stored signature to its signer's key, from the columns as they stand."""

from collections.abc import Iterator

from django.db import DEFAULT_DB_ALIAS

from audit.log.findings import Problem
from audit.proofs.statements import content_digest, problem_with
from audit.signatures.actions import fingerprint
from audit.signatures.models import Signature, SigningKey


def check_signatures(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[Problem]:
    """Yield what is wrong with signatures: moved, reworded, another signer, or content that was edited."""
    keys = {fingerprint(bytes(key)): bytes(key) for key in public_keys_of(using)}
    for each in Signature.objects.using(using).order_by("id").iterator(chunk_size=1_000):
        payload = {name: getattr(each, name) for name in Signature.PAYLOAD if name != "signature"}
        payload["signature"] = bytes(each.signature).hex()
        wrong = problem_with(payload, public_key=keys.get(each.key))
        if wrong:
            yield Problem(organisation=each.organisation, sentence=f"The signature {wrong}.")
        elif content_digest(each.content) != each.content_sha256:
            sentence = f"What {each.printed_name} signed of {each.subject} was changed afterwards."
            yield Problem(organisation=each.organisation, sentence=sentence)


def public_keys_of(using: str) -> Iterator[bytes]:
    yield from map(bytes, SigningKey.objects.using(using).values_list("public_key", flat=True))
