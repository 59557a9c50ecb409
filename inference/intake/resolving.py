"""What a row is about: its deployment, study, patient and uid. Asks the identities in bulk."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from audit.proofs.canonical import canonical_json
from inference.intake.context import Context
from inference.intake.kinds import Row
from inference.intake.naming import name_objects, name_persons, name_study
from inference.intake.records import uid_pseudonym
from inference.studies.matching import match_studies


def resolve(rows: Sequence[Row], *, context: Context) -> tuple[list[Row], list[tuple[Row, str]]]:
    """Find scope, study, patient and uid of each row; return also those whose study cannot be found, and why."""
    for row in rows:
        name_scope(row, context=context)
    questions = {row.number: name_study(row, context=context) for row in rows}
    studies = match_studies([each for each in questions.values() if each], identities=context.identities)
    name_persons(rows, context=context)
    named, problems = [], []
    for row in rows:
        question = questions[row.number]
        if question and question.problem:
            problems.append((row, question.problem))
            continue
        if question:
            row.study_id, row.person_id = question.study_id, question.person_id
            if question.differs:
                row.flag("study_differs:patient")
        named.append(row)
    context.studies.update(studies)
    link_inferences(named, context=context)
    name_objects(named, context=context)
    for row in named:
        name_row(row, context=context)
    return named, problems


def name_scope(row: Row, *, context: Context) -> None:
    row.deployment_key = context.deployment_named(row) if uses_deployment(row, context=context) else ""
    row.scope = f"deployment/{row.deployment_key}" if context.kind.by_deployment else f"site/{context.site.pk}"


def uses_deployment(row: Row, *, context: Context) -> bool:
    return context.kind.by_deployment or "inference_uid" in row.clean or "deployment" in row.clean


def link_inferences(rows: Sequence[Row], *, context: Context) -> None:
    """Give events and responses the study of their inference, where that is known by now."""
    waiting = defaultdict(list)
    for row in rows:
        if row.study_id is None and (named := inference_pseudonym(row, context=context)):
            waiting[named].append(row)
    if not waiting:
        return
    table = context.inference_table
    found = table.objects.filter(
        entry__kind="inference", entry__uid__in=list(waiting), deployment_id__in=list(context.deployments)
    ).values_list("entry__uid", "deployment_id", "study_id", "person_id")
    for uid, deployment_key, study_id, person_id in found:
        for row in waiting[uid]:
            if row.deployment_key == deployment_key:
                row.study_id, row.person_id = study_id, person_id


def inference_pseudonym(row: Row, *, context: Context) -> str:
    if context.kind.by_deployment or "inference_uid" not in row.clean:
        return ""
    return uid_pseudonym(
        row.clean["inference_uid"],
        kind="inference",
        scope=f"deployment/{row.deployment_key}",
        keyring=context.identities.keyring,
    )


def name_row(row: Row, *, context: Context) -> None:
    """Give the row its uid: the sender's, or one made from what identifies it."""
    kind = context.kind
    sent = row.clean.get(kind.uid_field)
    row.uid = sent or derived_uid(row, context=context)
    row.entry_uid = uid_pseudonym(row.uid, kind=kind.name, scope=row.scope, keyring=context.identities.keyring)


def derived_uid(row: Row, *, context: Context) -> str:
    named = [str(row.study_id or "")]
    if "amends" in row.clean:
        named.append(row.clean["amends"])
    for name in context.kind.identity:
        value = row.clean.get(name, row.columns.get(name, ""))
        named.append(value.isoformat() if isinstance(value, datetime) else str(value))
    return "derived-" + sha256(canonical_json(named)).hexdigest()[:32]


def named_uids(row: Row, *, context: Context) -> dict[str, str]:
    """Return the pseudonyms of the uids of other facts that a row names, by field."""
    keyring, kind, uids = context.identities.keyring, context.kind, {}
    if found := inference_pseudonym(row, context=context):
        uids["inference_uid"] = found
    for name, of_kind in (("amends", kind.name), ("supersedes", "inference"), ("read_uid", "read")):
        if name in row.clean and name != kind.uid_field:
            uids[name] = uid_pseudonym(row.clean[name], kind=of_kind, scope=row.scope, keyring=keyring)
    return uids
