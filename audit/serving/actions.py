"""Verifying a log on somebody's behalf: what was found is itself an act in that log."""

from datetime import datetime
from itertools import chain, islice

from audit.log.actions import record_act
from audit.log.holding import check_rows
from audit.log.models import Act, Entry
from audit.log.verifying import verify_log
from audit.serving.queries import VERIFIED
from audit.signatures.verifying import check_signatures
from audit.witnesses.verifying import witnessed_by_others

MOST_SENTENCES = 20
AT_ONCE = 20_000  # up to this size a page waits for the verification; a larger log is a worker's


def verify_for(organisation: str, *, actor: str, now: datetime) -> Act:
    """Verify a log and record what was found, naming the first problems."""
    size = Entry.objects.filter(organisation=organisation).count()
    signed = (each for each in check_signatures() if each.organisation == organisation)
    held = (each for each in check_rows() if each.organisation == organisation)
    problems = list(
        islice(
            chain(verify_log(organisation, witnessed=witnessed_by_others(organisation)), signed, held),
            MOST_SENTENCES + 1,
        )
    )
    return record_act(
        VERIFIED,
        organisation=organisation,
        subject=f"log/{organisation}",
        actor=actor,
        at=now,
        details={
            "entries": size,
            "is_intact": not problems,
            "problems": [problem.sentence[:500] for problem in problems[:MOST_SENTENCES]],
            "more": len(problems) > MOST_SENTENCES,
        },
    )


def is_small(organisation: str) -> bool:
    return Entry.objects.filter(organisation=organisation)[: AT_ONCE + 1].count() <= AT_ONCE
