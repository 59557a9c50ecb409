"""A security key in software, for tests: P-256, a signature count, whatever origin it is told."""

import json
import os
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, ATTESTED = 0x01, 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class SoftKey:
    """Answers both ceremonies as a key would, over the options that the page holds."""

    def __init__(self, *, host: str = "localhost", origin: str = "http://localhost") -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.credential = os.urandom(32)
        self.host, self.origin, self.count = host, origin, 0

    def client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def authenticator_data(self, flags: int, extra: bytes = b"") -> bytes:
        return sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big") + extra

    def public_key(self) -> bytes:
        numbers = self.private.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})

    def make(self, options: dict[str, Any]) -> str:
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + self.public_key()
        attestation = {"fmt": "none", "attStmt": {}, "authData": self.authenticator_data(PRESENT | ATTESTED, attested)}
        response = {
            "attestationObject": text(cbor2.dumps(attestation)),
            "clientDataJSON": text(self.client_data("webauthn.create", options["challenge"])),
            "transports": ["usb"],
        }
        return self.said(response)

    def answer(self, options: dict[str, Any]) -> str:
        self.count += 1
        client, authenticator = (
            self.client_data("webauthn.get", options["challenge"]),
            self.authenticator_data(PRESENT),
        )
        signature = self.private.sign(authenticator + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "authenticatorData": text(authenticator),
            "clientDataJSON": text(client),
            "signature": text(signature),
            "userHandle": None,
        }
        return self.said(response)

    def said(self, response: dict[str, Any]) -> str:
        name = text(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
