"""A language model as a labeller: off unless switched on, shown scrubbed text alone, its answers kept as they came."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.test import Client

from audit.log.models import Entry
from inference.messages.actions import switch_model
from inference.messages.labellers import label_unread
from inference.messages.language_models import LanguageModel, LanguageModelError, ask, labels_in, refuse_outside
from inference.messages.models import ModelAnswer
from inference.messages.receiving import receive_hl7
from inference.messages.scrubbing import GONE, scrubbed
from inference.registry.models import Site
from inference.studies.pseudonyms import keyring_of
from inference.truth.models import Truth
from tests.factories import make_network, make_user
from tests.inference.messages.hl7_examples import oru


@contextmanager
def model_server(*answers):
    """Serve chat completions with these answers in turn, and keep what was asked."""
    asked, waiting = [], list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = waiting.pop(0)
            content = answer if isinstance(answer, bytes) else completion(answer)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def completion(text):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Patient Doe seen on 03/01/2026 at 08:15.", ("Doe", "03/01/2026", "08:15")),
        ("Reported by Dr. Jane Miller, jane@hospital.example, +49 30 1234567.", ("Jane", "Miller", "jane@", "1234567")),
        ("Accession A1234567, UID 1.2.840.113619.2.55, MRN 00998877.", ("A1234567", "1.2.840", "00998877")),
        ("Herr Müller, geb. 01.02.1950, zeigt einen Erguss.", ("Müller", "01.02.1950")),
        ("Compared with the study of March 3, 2025.", ("March 3",)),
    ],
)
def test_what_could_name_somebody_goes_and_the_findings_stay(text, gone):
    found = scrubbed(f"{text} Small left pleural effusion of 12 mm.")

    assert not any(each in found for each in gone)
    assert "Small left pleural effusion of 12 mm." in found and GONE in found


def test_values_that_the_message_knows_go_wherever_they_stand():
    assert scrubbed("Goethe's heart; goethe.", known=["Goethe", "is"]) == f"{GONE}'s heart; {GONE}."


def test_answers_are_read_strictly():
    raw = 'Here: {"nodule": "Positive", "effusion": "negative", "other": "positive", "mass": "perhaps"} done'
    assert labels_in(raw, findings=["nodule", "effusion", "mass"]) == {
        "nodule": ("positive", "probable"), "effusion": ("negative", "probable"),
    }  # fmt: skip
    for broken in ("", "no", "[]", "{", '"nodule"'):
        with pytest.raises(LanguageModelError):
            labels_in(broken, findings=["nodule"])


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8/v1", "http://[2001:4860:4860::8888]/v1", "http://0.0.0.0/v1", "nowhere"]
)
def test_no_text_leaves_the_hospitals_network(url):
    with pytest.raises(LanguageModelError):
        refuse_outside(url)


def test_a_server_that_answers_garbage_gives_a_reason_without_the_text():
    with model_server(b"<html>", b'{"choices": []}', "no JSON") as (url, _):
        for _ in range(3):
            with pytest.raises(LanguageModelError) as caught:
                ask(LanguageModel(url=url, model="m"), text="secret words", findings=["nodule"])
            assert "secret" not in str(caught.value)


@pytest.fixture
def site(db):
    make_network()
    return Site.objects.get(pk="north")


@pytest.fixture
def integrator(site):
    return make_user(role="integrator", organisation="north-group", username="ines")


@pytest.mark.django_db
def test_a_model_that_a_site_switched_on_labels_reports_under_its_own_name(site, integrator, settings, now):
    receive_hl7(oru(text="Patient Doe has a nodule."), site=site, origin="hl7", now=now)
    assert label_unread(now=now) == 0  # the installation names no model
    with model_server('{"nodule": "positive"}') as (url, asked):
        settings.RADVIGIL_LANGUAGE_MODEL_URL, settings.RADVIGIL_LANGUAGE_MODEL = url, "local-7b"
        assert label_unread(now=now) == 0  # no site has switched it on
        switch_model(site=site, model="local-7b", is_on=True, by=integrator, now=now)
        assert label_unread(now=now) == 1 and label_unread(now=now) == 0

    truth = Truth.objects.get()
    assert (truth.value, truth.standard) == ("positive", "report_labeller")
    assert truth.attributes == {"labeller": "model/local-7b/prompt-1"}
    said = json.dumps(asked)
    assert "nodule" in said and "Doe" not in said and "P1" not in said
    answer = ModelAnswer.objects.get()
    raw = keyring_of("north-group").open(bytes(answer.ciphertext), subject=f"answer/{answer.message.digest}")
    assert (answer.model, answer.prompt_version, raw) == ("local-7b", "1", b'{"nodule": "positive"}')


@pytest.mark.django_db
def test_an_answer_that_cannot_be_used_is_kept_and_labels_nothing(site, integrator, settings, now):
    receive_hl7(oru(text="A nodule."), site=site, origin="hl7", now=now)
    with model_server("I would rather not say.") as (url, _):
        settings.RADVIGIL_LANGUAGE_MODEL_URL, settings.RADVIGIL_LANGUAGE_MODEL = url, "m"
        switch_model(site=site, model="m", is_on=True, by=integrator, now=now)
        label_unread(now=now)

    assert not Truth.objects.exists() and "no JSON object" in ModelAnswer.objects.get().problem


@pytest.mark.django_db
def test_the_page_switches_a_site_on_and_the_log_says_so(site, integrator, settings):
    settings.RADVIGIL_LANGUAGE_MODEL_URL, settings.RADVIGIL_LANGUAGE_MODEL = "http://127.0.0.1:9/v1", "m"
    client = Client()
    client.force_login(integrator, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/rules/model/north/", {"on": "yes"})

    page = client.get("/rules/").content.decode()
    assert "Switch off" in page and Entry.objects.filter(kind="labeller.switched_on").exists()
    assert client.post("/rules/model/south/", {"on": "yes"}).status_code == 404
