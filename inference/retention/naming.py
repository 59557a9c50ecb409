"""Whether a message or a quarantined row names one of some persons: told by keyed pseudonyms, for no list is kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from inference.registry.models import Site
from inference.studies.models import Link, VaultValue
from inference.studies.pseudonyms import Keyring, normalised

WORDS = re.compile(r"[\s\"',;:|^~&\\<>\[\]{}()=]+")
FIELDS = re.compile(r"[\"|^~&\\\r\n,;]+")
ISSUERS = (re.compile(r"\^\^\^([^&^|~\r\n]+)"), re.compile(r'issuer"\s*:\s*"([^"]+)"'))
IDENTIFYING = (Link.Type.ACCESSION, Link.Type.STUDY_UID, Link.Type.SERIES_UID, Link.Type.INSTANCE_UID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What names these persons: pseudonyms of patient ids, and their studies' identifiers in the clear, here alone."""

    keyring: Keyring
    issuers: frozenset[str]
    patients: frozenset[str]
    values: frozenset[str]

    def are_in(self, text: str) -> bool:
        words = {normalised(each) for pattern in (WORDS, FIELDS) for each in pattern.split(text)} - {""}
        if words & self.values:
            return True
        issuers = self.issuers | {each.strip() for pattern in ISSUERS for each in pattern.findall(text)}
        return any(self.is_patient(word, issuers=issuers) for word in words)

    def is_patient(self, word: str, *, issuers: Iterable[str]) -> bool:
        return any(
            said in self.patients
            for issuer in issuers
            for said in self.keyring.link_pseudonyms(type=Link.Type.PATIENT, issuer=issuer, value=word)
        )


def names_of(organisation: str, *, persons: Collection[str], studies: Collection[str], keyring: Keyring) -> Names:
    """Return what names these persons, as long as their links and vault rows are there."""
    sites = Site.objects.filter(organisation=organisation).values_list("patient_id_issuer", flat=True)
    links = Link.objects.filter(organisation=organisation, type=Link.Type.PATIENT, person_id__in=persons)
    return Names(
        keyring=keyring,
        issuers=frozenset({organisation, *sites} - {""}),
        patients=frozenset(links.values_list("pseudonym", flat=True)),
        values=frozenset(opened_values(persons=persons, studies=studies, keyring=keyring)),
    )


def opened_values(*, persons: Collection[str], studies: Collection[str], keyring: Keyring) -> Iterable[str]:
    own = VaultValue.objects.filter(name__in=IDENTIFYING)
    for row in (own.filter(person_id__in=persons) | own.filter(subject__in=studies)).iterator():
        try:
            plain = keyring.open(bytes(row.ciphertext), subject=f"{row.name}/{row.subject}")
        except InvalidTag:
            continue  # its key is lost: it names nobody any more
        yield normalised(plain.decode())
