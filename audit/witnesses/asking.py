"""Asks witnesses to cosign the newest checkpoint of every log; never in the way of intake or signing.

A witness that does not answer is asked again later and later, for at most an hour. One that says where it stands is
asked once more from there.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from audit.errors import WitnessError
from audit.log.models import Checkpoint
from audit.log.queries import latest_checkpoint, organisations_in_log, tiled_tree
from audit.proofs.cosignatures import AddCheckpoint, write_request
from audit.proofs.tiles import TileError, consistency_from_tiles
from audit.witnesses.actions import keep_cosignatures
from audit.witnesses.models import Witness
from audit.witnesses.queries import grew_by_itself, last_cosignature, witnesses_to_ask

logger = logging.getLogger(__name__)
SECONDS = 10
LARGEST_ANSWER = 64 * 1024
LONGEST_WAIT = timedelta(hours=1)
FIRST_WAIT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: str


Post = Callable[[str, bytes], Reply]


def post_over_http(url: str, body: bytes) -> Reply:
    """Send a request. Whatever the other side answers is a reply; only silence raises OSError."""
    request = Request(url, data=body, headers={"Content-Type": "text/plain"}, method="POST")  # noqa: S310 - registered addresses are http or https
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return Reply(status=answer.status, body=answer.read(LARGEST_ANSWER).decode("utf-8", "replace"))
    except HTTPError as error:
        return Reply(status=error.code, body=error.read(LARGEST_ANSWER).decode("utf-8", "replace"))
    except URLError as error:
        raise OSError(str(error.reason)) from error


def ask_witnesses(*, now: datetime, post: Post = post_over_http) -> int:
    """Ask every witness that is due for every log that grew; return how many cosignatures came."""
    return sum(ask_one(witness, now=now, post=post) for witness in witnesses_to_ask(now=now))


def ask_one(witness: Witness, *, now: datetime, post: Post) -> int:
    """Ask one witness for each log. What it refuses for one log does not keep it from the others."""
    kept, reasons = 0, []
    for organisation in organisations_in_log():
        try:
            kept += ask(witness, organisation=organisation, now=now, post=post)
        except (WitnessError, TileError) as error:
            reasons.append(str(error))
        except OSError as error:
            reasons.append(f"{witness.name} does not answer: {error}")
            break
    if reasons:
        put_off(witness, reason=reasons[0], now=now)
        logger.warning("witness did not cosign: witness=%s failures=%d", witness.name, witness.failures)
    else:
        settle(witness)
    return kept


def ask(witness: Witness, *, organisation: str, now: datetime, post: Post) -> int:
    checkpoint = latest_checkpoint(organisation)
    last = last_cosignature(organisation, key=witness.key)
    since = last.size if last else 0
    if checkpoint is None or checkpoint.size <= since:
        return 0
    if last and grew_by_itself(organisation, since=since, size=checkpoint.size):
        return 0
    reply = post(address_of(witness), request_for(checkpoint, old_size=since))
    if reply.status == HTTPStatus.CONFLICT and (size := stated_size(reply, checkpoint=checkpoint)) is not None:
        reply = post(address_of(witness), request_for(checkpoint, old_size=size))
    if reply.status == HTTPStatus.NOT_FOUND:  # it does not witness this log: nothing is wrong
        return 0
    if reply.status != HTTPStatus.OK:
        raise WitnessError(f"{witness.name} answered {reply.status} for {organisation}: {reply.body.strip()[:120]}")
    keep_cosignatures(checkpoint, witness=witness, lines=reply.body, now=now)
    return 1


def address_of(witness: Witness) -> str:
    return f"{witness.place.rstrip('/')}/add-checkpoint"


def request_for(checkpoint: Checkpoint, *, old_size: int) -> bytes:
    tree = tiled_tree(checkpoint.organisation, size=checkpoint.size)
    needs_proof = 0 < old_size < checkpoint.size
    proof = tuple(consistency_from_tiles(tree, old_size=old_size)) if needs_proof else ()
    return write_request(AddCheckpoint(old_size=old_size, proof=proof, note=checkpoint.note.encode()))


def stated_size(reply: Reply, *, checkpoint: Checkpoint) -> int | None:
    """Return from which size the witness wants the proof; one beyond ours means that we were rolled back."""
    text = reply.body.strip()
    if not text.isdigit() or len(text) > 18:
        return None
    if int(text) > checkpoint.size:
        raise WitnessError(
            f"The witness has seen {text} entries of {checkpoint.organisation}, which now has {checkpoint.size}: "
            "the log was cut off. Run verify_log."
        )
    return int(text)


def put_off(witness: Witness, *, reason: str, now: datetime) -> None:
    witness.failures += 1
    witness.ask_after = now + min(FIRST_WAIT * 2 ** min(witness.failures - 1, 10), LONGEST_WAIT)
    witness.last_answer = reason[:300]
    witness.save(update_fields=["failures", "ask_after", "last_answer"])


def settle(witness: Witness) -> None:
    if witness.failures:
        witness.failures, witness.ask_after, witness.last_answer = 0, None, ""
        witness.save(update_fields=["failures", "ask_after", "last_answer"])
