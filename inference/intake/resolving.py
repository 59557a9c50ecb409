"""What a row is about: its deployment, study, patient and uid. Asks the identities in bulk."""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from audit.log.models import Entry, plain
from audit.proofs.canonical import canonical_json
from inference.errors import RowError
from inference.intake import flags
from inference.intake.context import Context
from inference.intake.kinds import Row
from inference.intake.naming import name_objects, name_persons, name_study
from inference.intake.records import uid_pseudonym
from inference.studies.known import load_studies
from inference.studies.matching import StudyQuestion, meet_studies
from inference.studies.models import BY_DAY, BY_ORDER


def resolve(rows: Sequence[Row], *, context: Context) -> None:
    """Find study, patient and uid of each row. One whose study cannot be told gets a `problem`."""
    name_persons(rows, context=context)
    if context.source.by_log_names:
        take_log_studies(rows, context=context)
        questions: dict[int, StudyQuestion | None] = dict.fromkeys(row.number for row in rows)
    else:
        questions = {row.number: name_study(row, context=context) for row in rows}
    studies = meet_studies([each for each in questions.values() if each], identities=context.identities)
    context.studies.update(studies)
    for row in rows:
        if question := questions[row.number]:
            row.study_id, row.person_id, row.problem = question.study_id, question.person_id, question.problem
            row.named_study = question.study_id
            if not question.study_uid:
                row.defaulted.append(BY_ORDER if question.accession else BY_DAY)
            if question.differs:
                row.flag(flags.study_differs("patient"))
    link_inferences(rows, context=context)
    name_objects(rows, context=context)
    for row in rows:
        name_row(row, context=context)


def take_log_studies(rows: Sequence[Row], *, context: Context) -> None:
    """Give rows of our own pages the study whose random id they name."""
    named = {row.number: log_study(row) for row in rows}
    studies = load_studies({key for key in named.values() if key})
    context.studies.update(studies)
    for row in rows:
        key = named[row.number]
        study = studies.get(key) if key else None
        if study is None or study.site_key != context.site.pk:
            row.problem = "names no study of this site"
            continue
        row.study_id = row.named_study = named[row.number]
        row.person_id = study.person_id


def log_study(row: Row) -> UUID | None:
    try:
        return UUID(str(row.clean.get("study_uid")))
    except ValueError:
        return None


def name_scope(row: Row, *, context: Context) -> None:
    """Say which deployment a row belongs to, and in which scope its uid is unique.

    Raises:
        SourceNotAllowedError, RowError: the row names a deployment that the sender may not, or none of several.
    """
    kind, scope = context.kind, f"site/{context.site.pk}"
    if "inference_uid" in row.clean or "deployment" in row.clean or context.source.deployment_key:
        row.deployment_key = context.deployment_named(row)
        if "inference_uid" in row.clean and not row.deployment_key:
            raise RowError(field="deployment", reason="is missing: the site has none or more than one")
    row.scope = f"deployment/{row.deployment_key}" if kind.by_deployment else scope


def link_inferences(rows: Sequence[Row], *, context: Context) -> None:
    """Give what names an inference the pseudonym of its uid, and its study where that is known by now."""
    waiting = defaultdict(list)
    for row in rows:
        row.inference_uid = inference_pseudonym(row, context=context)
        if row.study_id is None and row.inference_uid:
            waiting[f"deployment/{row.deployment_key}"].append(row)
    if context.kind.inference_table:
        for scope, named in waiting.items():
            link_scope(named, scope=scope, table=context.kind.inference_table)


def link_scope(rows: Sequence[Row], *, scope: str, table: Any) -> None:
    uids = {row.inference_uid for row in rows}
    entries = Entry.objects.filter(scope=scope, kind="inference", uid__in=list(uids))
    uid_of = dict(entries.values_list("id", "uid"))
    facts = table.objects.filter(entry_id__in=list(uid_of)).values_list("entry_id", "study_id", "person_id")
    found = {uid_of[entry_id]: (study_id, person_id) for entry_id, study_id, person_id in facts}
    for row in rows:
        row.study_id, row.person_id = found.get(row.inference_uid, (None, None))


def inference_pseudonym(row: Row, *, context: Context) -> str:
    if context.kind.by_deployment or "inference_uid" not in row.clean:
        return ""
    scope = f"deployment/{row.deployment_key}"
    return pseudonym_of(row.clean["inference_uid"], kind="inference", scope=scope, context=context)


def pseudonym_of(named: str, *, kind: str, scope: str, context: Context) -> str:
    """Return what stands in the log for the uid of another fact that a row names."""
    if context.source.by_log_names:
        return named
    return uid_pseudonym(named, kind=kind, scope=scope, keyring=context.identities.keyring)


def name_row(row: Row, *, context: Context) -> None:
    """Give the row its uid: the sender's, or one made from what identifies it."""
    kind = context.kind
    sent = row.clean.get(kind.uid_field)
    row.uid = sent or derived_uid(row, context=context)
    row.entry_uid = uid_pseudonym(row.uid, kind=kind.name, scope=row.scope, keyring=context.identities.keyring)


def derived_uid(row: Row, *, context: Context) -> str:
    """Return the uid of a row that brings none: made from what was sent alone, so that a resend makes the same."""
    kind = context.kind
    named = [row.inference_uid or str(row.named_study or "")]
    if kind.names_persons_only:
        named += [str(row.named_study or ""), str(row.named_person or ""), str(row.other_person or "")]
    if "amends" in row.clean:
        named.append(row.clean["amends"])
    named.extend(str(plain(row.clean.get(name, row.columns.get(name, "")))) for name in kind.identity)
    return "derived-" + sha256(canonical_json(named)).hexdigest()[:32]


def named_uids(row: Row, *, context: Context) -> dict[str, str]:
    """Return the pseudonyms of the uids of other facts that a row names, by field."""
    kind, uids = context.kind, {}
    if row.inference_uid:
        uids["inference_uid"] = row.inference_uid
    for name, of_kind in (("amends", kind.name), ("supersedes", "inference"), ("read_uid", "read")):
        if name in row.clean and name != kind.uid_field:
            uids[name] = pseudonym_of(row.clean[name], kind=of_kind, scope=row.scope, context=context)
    return uids
