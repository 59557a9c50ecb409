"""Fifty identifiers, planted through every route: none stands in the clear anywhere that outlives the request.

Searched: every table as text and its bytes, the logs of the process, the pixel store and the home with their file
names, everything that a real broker holds, the arguments of tasks, and what errors answer. Quarantine, messages and
vault hold theirs encrypted.
"""

import inspect
import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from celery.signals import before_task_publish
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pydicom import dcmread

from audit.access.actions import create_token
from deploy.celery import app
from inference.connectors.set_aside_groups import groups_of
from inference.imaging.taking import Arrival, take_object
from inference.intake.models import SetAside
from inference.messages.models import InboundMessage
from inference.messages.receiving import receive_hl7
from inference.registry.models import Site
from inference.results.models import Inference
from inference.studies.models import Study, VaultValue
from inference.studies.pseudonyms import keyring_of
from tests.deploy.sites import clear
from tests.factories import inference_row, make_network, make_user, read_row, study_part, truth_row
from tests.inference.dicom.objects import radiograph
from tests.inference.messages.hl7_examples import message
from tests.inference.retention.broker import everything_in, running_broker

pytestmark = pytest.mark.django_db
ORGANISATION = "north-group"


class Planted:
    """Hands out identifiers that occur nowhere else, and knows them all."""

    def __init__(self):
        self.values = []

    def keep(self, value):
        self.values.append(value)
        return value

    def id(self):
        return self.keep(f"ZQ{len(self.values):02d}X7K")

    def name(self):
        return f"{self.keep(f'Zqname{len(self.values):02d}vex')}^ERIKA"

    def uid(self):
        return self.keep(f"1.2.826.0.55501.{len(self.values):02d}.77")

    def birth(self):
        return self.keep(f"190{len(self.values) % 10}1{len(self.values) // 10}29")


@pytest.fixture
def planted():
    return Planted()


@pytest.fixture
def hospital(settings, tmp_path):
    settings.RADVIGIL_HOME, settings.RADVIGIL_PIXELS = tmp_path / "home", tmp_path / "pixels"
    make_network()
    return Site.objects.get(pk="north")


@pytest.fixture
def published():
    """Return the arguments of tasks as they were handed to the broker."""
    sent = []

    def keep(sender=None, body=None, headers=None, **_):
        sent.append(repr((sender, body, headers)))

    before_task_publish.connect(keep, weak=False)
    yield sent
    before_task_publish.disconnect(keep)


@pytest.fixture
def broker(settings, tmp_path):
    with running_broker(tmp_path / "broker", settings) as client:
        yield client
        clear(tmp_path / "broker")


@pytest.fixture
def errors(monkeypatch):
    """Return what every answer that refuses something says, its headers included.

    A row's own page shows the row to the integrator who repairs it, refused or not.
    """
    said, answer = [], Client.request

    def keep(self, **request):
        found = answer(self, **request)
        if found.status_code >= 400 and not request["PATH_INFO"].startswith("/intake/quarantine/"):
            body = b"".join(found) if found.streaming else found.content
            said.append(body.decode("utf-8", "replace") + repr(dict(found.headers)))
        return found

    monkeypatch.setattr(Client, "request", keep)
    return said


def marked_run(planted, number, **over):
    place = {"series_uid": planted.uid(), "sop_instance_uid": planted.uid()}
    study = study_part(
        number, study_uid=planted.uid(), patient_id=planted.id(), accession_number=planted.id(),
        patient_id_issuer=planted.id(), operator=planted.id(), patient_name=planted.name(),
        patient_birth_date=planted.birth(),
    )  # fmt: skip
    mark = {"mark_uid": planted.uid(), "x": 1, "y": 2, "comment": planted.name(), **place}
    prediction = {"finding": "nodule", "score": 0.9, "marks": [mark], "mask": place}
    inputs = [{"kind": "dicom", "use": "current", "file": planted.name(), **place}]
    return inference_row(
        number, inference_uid=planted.uid(), study=study, inputs=inputs, predictions=[prediction],
        covariates={"insurance_number": planted.id(), planted.id(): True},
    ) | over  # fmt: skip


def post(plural, body, *, secret, content_type="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body)
    headers = {"Authorization": f"Bearer {secret}"}
    client = Client(raise_request_exception=False)
    return client.post(f"/api/v1/{plural}", data=data, content_type=content_type, headers=headers)


def by_api(planted):
    _, secret = create_token(by="test", now=timezone.now(), site="north")
    run = marked_run(planted, 1)
    assert post("inferences", run, secret=secret).status_code == 200
    post("inferences", marked_run(planted, 2, status=planted.id(), version=7), secret=secret)
    post("inferences", run | {"status": "failed"}, secret=secret)
    named = {"study_uid": run["study"]["study_uid"]}
    event = {"kind": "displayed", "at": "2026-03-02T08:30:00Z", "deployment": "cxr-north", "reason": planted.name()}
    post("events", event | {"inference_uid": run["inference_uid"]}, secret=secret)
    post("reads", read_row(1, stage=planted.name(), **named), secret=secret)
    post("truth", truth_row(1, truth_uid=planted.id(), determined_at=planted.birth(), **named), secret=secret)
    merge = {"kind": "merge", "at": "2026-03-02T10:00:00Z", "reason": planted.name()}
    post("corrections", merge | {"patient_id": planted.id(), "other_patient_id": planted.id()}, secret=secret)
    post("reads", b'{"patient_id": "' + planted.id().encode() + b'", ', secret=secret)
    post(
        "reads", b'{"reader": "' + planted.name().encode() + b'"\n', secret=secret, content_type="application/x-ndjson"
    )


def by_files(planted, folder):
    rows = [read_row(3, study={"patient_id": planted.id()}, deployment=planted.id(), stage=planted.id())]
    path = folder / f"{planted.name().split('^')[0]}.ndjson"
    path.write_text("\n".join(json.dumps(row) for row in rows) + '\n{"broken": "' + planted.name())
    with pytest.raises(SystemExit):
        call_command("import_reads", str(path), site="north", stderr=io.StringIO())
    headless = folder / f"{planted.id()}.csv"
    headless.write_text(f"{planted.id()},{planted.name()},{planted.birth()}\n{planted.id()},x,y\n")
    with pytest.raises(SystemExit):
        call_command("import_truth", str(headless), site="north", stderr=io.StringIO())


def by_dicom(planted, site, folder):
    data = radiograph(
        5, study_uid=planted.uid(), series_uid=planted.uid(), sop_instance_uid=planted.uid(), patient_id=planted.id(),
        patient_name=planted.name(), accession_number=planted.id(),
    )  # fmt: skip
    dataset = dcmread(io.BytesIO(data))
    dataset.PatientBirthDate = planted.birth()
    dataset.add_new(0x00100032, "TM", "0101")
    dataset.PatientComments = planted.name()
    dataset.StudyDescription = planted.name()
    dataset.ImageComments = planted.birth()
    dataset.add_new(0x00091001, "LO", planted.name())
    dataset.add_new(0x00090010, "LO", planted.id())
    dataset.add_new(0x00400275, "SQ", [])
    dataset.RequestingPhysician = planted.name()
    stream = io.BytesIO()
    dataset.save_as(stream)
    arrival = Arrival(site=site, calling_ae="AI", origin="dicom:AI", now=timezone.now())
    assert take_object(stream.getvalue(), name=planted.name(), arrival=arrival).form == "image"
    take_object(b"no DICOM " + planted.name().encode(), name=planted.name(), arrival=arrival)
    broken = dcmread(io.BytesIO(radiograph(6, patient_name=planted.name())))
    del broken.PixelData
    broken.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    odd = io.BytesIO()
    broken.save_as(odd)
    take_object(odd.getvalue(), name=planted.name(), arrival=arrival)
    path = folder / f"{planted.id()}.dcm"
    path.write_bytes(stream.getvalue())


def by_messages(planted, site):
    person = f"PID|||{planted.id()}^^^{planted.id()}^MR||{planted.name()}||{planted.birth()}"
    order = f"OBR|1||{planted.id()}|71020^Chest|||20260302||||||||^{planted.name()}|||||||||||F"
    text = f"OBX|1|TX|71020^Chest||{planted.name()} born {planted.birth()} has a nodule.||||||F"
    for body in (message(person, order, text, kind="ORU^R01"), planted.name().encode() + b"|not HL7"):
        receive_hl7(body, site=site, origin="hl7", now=timezone.now())
    _, secret = create_token(by="test", now=timezone.now(), site="north")
    report = {
        "resourceType": "DiagnosticReport", "id": planted.id(), "status": "final", "code": {"text": planted.name()},
        "identifier": [{"type": {"coding": [{"code": "ACSN"}]}, "value": planted.id()}],
        "subject": {"display": planted.name(), "identifier": {"system": "HOSP", "value": planted.id()}},
        "conclusion": f"{planted.name()} has an effusion.",
    }  # fmt: skip
    for body in (report, {"resourceType": planted.name()}):
        Client(raise_request_exception=False).post(
            "/api/v1/fhir", data=json.dumps(body), content_type="application/fhir+json",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip


def by_repairs(planted):
    """Send set-aside rows again with a change that names somebody, as a group and alone: workers are told of it."""
    client = Client(raise_request_exception=False)
    user = make_user(role="integrator", organisation=ORGANISATION)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    (group, *_) = groups_of(SetAside.objects.filter(field="stage"), seen_up_to=0)
    key = {name: getattr(group.key, name) for name in ("site", "kind", "outcome", "field", "pattern")}
    change = {"what": "set", "path": "patient_id", "value": f'"{planted.id()}"'}
    assert client.post("/intake/quarantine/group/repair/", key | change).status_code == 302
    row = SetAside.objects.filter(field="status").first()
    client.post(f"/intake/quarantine/{row.pk}/", {"row": json.dumps(marked_run(planted, 9, status="lost"))})
    client.post(f"/intake/quarantine/{row.pk}/", {"row": '{"patient_id": "' + planted.id()})


def by_task_arguments():
    """Hand every task of ours to the broker, as the pages and the clock do."""
    app.loader.import_default_modules()
    for name, task in app.tasks.items():
        if name.startswith(("inference.", "monitoring.", "audit.")):
            task.delay(**dict.fromkeys(inspect.signature(task.run).parameters, 1))


def by_errors(planted, monkeypatch):
    """Break the database under a request that names somebody: the answer and the log name nobody."""
    _, secret = create_token(by="test", now=timezone.now(), site="north")
    row = marked_run(planted, 8)

    def broken(*_, **__):
        raise RuntimeError("the pipeline broke")

    with monkeypatch.context() as patched:
        patched.setattr("inference.intake.actions.check_rows", broken)
        assert post("inferences", row, secret=secret).status_code >= 500
    assert post("inferences", row, secret="no-such-" + planted.id()).status_code == 401
    post("inferences", marked_run(planted, 10, deployment=planted.id()), secret=secret)
    post(planted.id(), row, secret=secret)


def by_pages(planted):
    client = Client(raise_request_exception=False)
    user = make_user(role="resolver", organisation=ORGANISATION)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.get("/identities/", {"study": planted.id()})
    client.get(f"/no-such-page/{planted.id()}/")
    client.get(f"/identities/{planted.id()}/")
    study = Study.objects.first()
    client.post(f"/identities/{study.pk}/", {"identifier": planted.id(), "reason": ""})


def everything_stored():
    """Yield where, and the text of every row of every table, with what its bytes say too."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (text,) in cursor.fetchall():
                yield table, text
                yield from ((table, bytes.fromhex(part).decode("utf-8", "replace")) for part in hexes(text))


def hexes(text):
    for part in text.split("\\x")[1:]:
        digits = part.split('"')[0].split(",")[0].rstrip(")")
        if len(digits) % 2 == 0:
            yield digits


def in_files(folder):
    for path in Path(folder).rglob("*"):
        yield "file name", str(path.relative_to(folder))
        if path.is_file():
            yield "file", path.read_bytes().decode("latin-1")


def encrypted():
    """Return what quarantine, messages and vault give back with the keys."""
    ring = keyring_of(ORGANISATION)
    rows = [(row.ciphertext, f"set-aside/{row.digest}") for row in SetAside.objects.all()]
    rows += [(row.ciphertext, f"message/{row.digest}") for row in InboundMessage.objects.all()]
    rows += [(row.ciphertext, f"{row.name}/{row.subject}") for row in VaultValue.objects.all()]
    return [ring.open(bytes(sealed), subject=subject).decode("utf-8", "replace") for sealed, subject in rows]


def test_fifty_identifiers_through_every_route_stand_nowhere_in_the_clear(
    planted, hospital, published, broker, errors, caplog, settings, tmp_path, monkeypatch,
    django_capture_on_commit_callbacks,
):  # fmt: skip
    caplog.set_level(logging.DEBUG)
    inbox = tmp_path / "sent"
    inbox.mkdir()
    by_api(planted)
    by_files(planted, inbox)
    by_dicom(planted, hospital, inbox)
    by_messages(planted, hospital)
    by_pages(planted)
    by_errors(planted, monkeypatch)
    with django_capture_on_commit_callbacks(execute=True):
        by_repairs(planted)
    by_task_arguments()

    assert len(planted.values) >= 50
    assert Inference.objects.exists()
    logged = [("log", record.getMessage() + (record.exc_text or "")) for record in caplog.records
              if not record.name.startswith(("django.db", "asyncio"))]  # fmt: skip
    assert broker.llen("default") and any("repair_task" in text for text in published)
    assert len(errors) >= 8
    places = [*everything_stored(), *logged, *everything_in(broker), *(("task", text) for text in published)]
    places += [("error", text) for text in errors]
    places += [*in_files(settings.RADVIGIL_PIXELS), *in_files(settings.RADVIGIL_HOME)]
    leaks = {(value, where) for where, text in places for value in planted.values if value in text}
    assert not sorted(leaks), [(where, text[:300]) for where, text in places if any(v in text for v, _ in leaks)][:12]


def test_no_task_takes_more_than_ids_of_our_own():
    """What a task is handed lies in the broker: only ids of rows, no row."""
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if name.startswith(("inference.", "monitoring.", "audit."))}
    taken = {each for task in ours.values() for each in inspect.signature(task.run).parameters}

    assert ours
    assert taken <= {"run_id", "package_id", "repair_id", "organisation", "actor"}, taken


ODD_OBJECT = """
import io, sys
import deploy.settings.base
from inference.dicom.headers import header_of
from inference.dicom.files import read_dataset
dataset = read_dataset(io.BytesIO(sys.stdin.buffer.read()), with_pixels=True)
str(dataset)
"""


def test_reading_an_odd_object_prints_none_of_its_values():
    dataset = dcmread(io.BytesIO(radiograph(7)))
    stream = io.BytesIO()
    dataset.save_as(stream)
    data = stream.getvalue().replace(b"20260302", b"19ZQ0302")
    assert b"19ZQ0302" in data
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(
        [sys.executable, "-c", ODD_OBJECT], input=data, capture_output=True, timeout=120, check=False, env=environment
    )

    assert done.returncode == 0, done.stderr
    assert b"19ZQ0302" not in done.stderr


def test_what_was_set_aside_and_the_vault_give_theirs_back_with_the_keys(planted, hospital, tmp_path):
    by_api(planted)
    by_messages(planted, hospital)
    found = "\n".join(encrypted())

    assert sum(value in found for value in planted.values) >= 20


def test_only_the_integrator_reads_the_quarantine(planted, hospital):
    by_api(planted)
    row = SetAside.objects.first()
    for role in ("quality_officer", "radiologist", "arbiter", "ml_engineer", "regulator", "administrator", "resolver"):
        client = Client()
        user = make_user(role=role, organisation=ORGANISATION)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(f"/intake/quarantine/{row.pk}/").status_code == 404, role
        messages = InboundMessage.objects.first()
        assert messages is None or client.get(f"/messages/{messages.pk}/").status_code == 404, role
