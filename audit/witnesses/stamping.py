"""Time stamps of RFC 3161 over the root of a checkpoint, where a server is configured.

The token is verified against the configured root certificates before it is kept, and again by `verify_log`. The
standard library cannot verify it (it is CMS with RSA or ECDSA): offline, `openssl ts -verify` does.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from urllib.request import Request, urlopen

from cryptography.x509 import Certificate, load_pem_x509_certificates
from django.conf import settings
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.errors import WitnessError
from audit.log.actions import record_fact
from audit.log.findings import Problem
from audit.log.models import Checkpoint
from audit.log.queries import latest_checkpoint, organisations_in_log
from audit.witnesses.models import TimeStamp
from audit.witnesses.queries import STAMPED, grew_by_itself, newest_time_stamp

logger = logging.getLogger(__name__)
SECONDS, LARGEST_TOKEN = 20, 24_000

Send = Callable[[bytes], bytes]


def send_over_http(query: bytes) -> bytes:
    url = str(settings.RADVIGIL_TIME_STAMP_URL)
    request = Request(url, data=query, headers={"Content-Type": "application/timestamp-query"}, method="POST")  # noqa: S310 - configured
    with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        data: bytes = answer.read(LARGEST_TOKEN + 1)
        return data


def trusted_roots() -> list[Certificate]:
    return load_pem_x509_certificates(Path(settings.RADVIGIL_TIME_STAMP_ROOTS).read_bytes())


def stamp_logs(*, now: datetime, send: Send = send_over_http) -> int:
    """Have the newest checkpoint of every log that grew stamped; return how many tokens were kept."""
    if not settings.RADVIGIL_TIME_STAMP_URL:
        return 0
    kept = 0
    for organisation in organisations_in_log():
        checkpoint, last = latest_checkpoint(organisation), newest_time_stamp(organisation)
        since = last.size if last else 0
        if checkpoint is None or checkpoint.size <= since:
            continue
        if last and grew_by_itself(organisation, since=since, size=checkpoint.size):
            continue
        try:
            stamp(checkpoint, now=now, send=send)
            kept += 1
        except (OSError, WitnessError) as error:
            logger.warning("no time stamp: log=%s reason=%s", organisation, type(error).__name__)
    return kept


def stamp(checkpoint: Checkpoint, *, now: datetime, send: Send) -> TimeStamp:
    """Fetch, verify and keep one token.

    Raises:
        WitnessError: the answer is no token over this root by a trusted server.
    """
    root, server = bytes(checkpoint.root), str(settings.RADVIGIL_TIME_STAMP_URL)
    query = TimestampRequestBuilder().data(root).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).build()
    data = send(query.as_bytes())
    made = verified(data, root=root, nonce=query.nonce)
    kept = TimeStamp(
        organisation=checkpoint.organisation,
        server=server,
        size=checkpoint.size,
        root=root.hex(),
        token=data,
        stamped_at=made,
    )
    uid = sha256(f"{server} {checkpoint.size}".encode()).hexdigest()
    scope = f"organisation/{checkpoint.organisation}"
    return record_fact(kept, scope=scope, kind=STAMPED, uid=uid, actor="time stamp server", at=now)


def verified(data: bytes, *, root: bytes, nonce: int | None = None) -> datetime:
    """Return the time of a token over a root, after verifying it against the trusted certificates."""
    if len(data) > LARGEST_TOKEN:
        raise WitnessError("The time stamp server's answer is too large.")
    builder = VerifierBuilder()
    for certificate in trusted_roots():
        builder = builder.add_root_certificate(certificate)
    if nonce is not None:
        builder = builder.nonce(nonce)
    try:
        response = decode_timestamp_response(data)
        builder.build().verify_message(response, root)
    except (VerificationError, ValueError) as error:
        raise WitnessError(f"The time stamp does not hold: {error}.") from error
    made: datetime = response.tst_info.gen_time
    return made


def wrong_with_stamp(each: TimeStamp) -> Problem | None:
    """Return what is wrong with a stored token: it must hold over the root beside it, at the time beside it."""
    try:
        made = verified(bytes(each.token), root=bytes.fromhex(each.root))
    except WitnessError as error:
        sentence = f"The time stamp over {each.size} entries of the log of {each.organisation} does not hold: {error}"
    else:
        if made == each.stamped_at:
            return None
        sentence = f"The time stamp over {each.size} entries of the log of {each.organisation} says another time."
    return Problem(organisation=each.organisation, sentence=sentence)
