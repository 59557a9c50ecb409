"""Witnessing without a network: requests as files in a folder, carried by whoever comes by, and cosigned ones back.

`ORGANISATION.request` is a C2SP `add-checkpoint` request as it would be posted; `ORGANISATION.cosigned` is the
witness's answer, or the note with the cosignature below it.
"""

from datetime import datetime
from pathlib import Path

from audit.errors import WitnessError
from audit.log.models import Checkpoint
from audit.log.queries import latest_checkpoint, organisations_in_log
from audit.proofs.notes import DASH
from audit.witnesses.actions import keep_cosignatures
from audit.witnesses.asking import request_for
from audit.witnesses.cosigning import LARGEST_REQUEST, add_checkpoint
from audit.witnesses.models import Witness
from audit.witnesses.queries import last_cosignature

REQUEST, COSIGNED = ".request", ".cosigned"


def write_requests(witness: Witness) -> list[Path]:
    """Write a request for each log's newest checkpoint into the witness's folder."""
    folder = Path(witness.place)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for organisation in organisations_in_log():
        checkpoint = latest_checkpoint(organisation)
        last = last_cosignature(organisation, key=witness.key)
        if checkpoint is None or (last and last.size >= checkpoint.size):
            continue
        path = folder / f"{organisation}{REQUEST}"
        path.write_bytes(request_for(checkpoint, old_size=last.size if last else 0))
        written.append(path)
    return written


def read_cosigned(witness: Witness, *, now: datetime) -> int:
    """Keep the cosignatures that lie in the witness's folder; return how many were new.

    Raises:
        WitnessError: a file holds no cosignature of a checkpoint of ours.
    """
    kept = 0
    for path in sorted(Path(witness.place).glob(f"*{COSIGNED}")):
        organisation = path.name.removesuffix(COSIGNED)
        lines = cosigned_lines(path)
        checkpoint = checkpoint_of(organisation, witness=witness, lines=lines, now=now)
        kept += 1 if checkpoint else 0
        path.unlink()
    return kept


def cosigned_lines(path: Path) -> str:
    text = path.read_bytes()[:LARGEST_REQUEST].decode("utf-8", "replace")
    return "".join(line for line in text.splitlines(keepends=True) if line.startswith(DASH))


def checkpoint_of(organisation: str, *, witness: Witness, lines: str, now: datetime) -> Checkpoint | None:
    """Keep the lines under the newest checkpoint that they cosign: it may have been signed days ago."""
    recent = Checkpoint.objects.filter(organisation=organisation).order_by("-size")[:10_000]
    reason = f"{organisation} has no checkpoint"
    for checkpoint in recent.iterator():
        try:
            keep_cosignatures(checkpoint, witness=witness, lines=own_lines(lines, witness=witness), now=now)
        except WitnessError as error:
            reason = str(error)
        else:
            return checkpoint
    raise WitnessError(reason)


def own_lines(lines: str, *, witness: Witness) -> str:
    mine = [line for line in lines.splitlines(keepends=True) if line.startswith(f"{DASH}{witness.name} ")]
    return "".join(mine)


def answer_requests(folder: Path, *, now: datetime) -> list[tuple[str, int]]:
    """Act as the witness of a folder: answer each request in it, and return each name with its status."""
    answered = []
    for path in sorted(folder.glob(f"*{REQUEST}")):
        answer = add_checkpoint(path.read_bytes()[:LARGEST_REQUEST], now=now)
        answered.append((path.name, answer.status))
        if answer.status == 200:
            path.with_suffix(COSIGNED).write_text(answer.body)
            path.unlink()
    return answered
