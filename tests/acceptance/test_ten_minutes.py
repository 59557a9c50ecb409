"""The ten minutes that must convince, on the demo itself: each test is one sentence of them."""

import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest
from django.urls import reverse
from PIL import Image

from deploy.demo.identifiers import uid_of
from deploy.demo.simulation import pixels_of
from deploy.demo.stories import UNREGISTERED_VERSION
from inference.events.models import Event
from inference.reads.models import Read
from inference.rescoring.models import Rescore
from inference.results.models import Inference, Prediction
from inference.studies.models import StoredImage, Study
from inference.truth.models import Truth
from monitoring.cases.models import Case
from monitoring.signals.models import Signal
from tests.acceptance.commands import estimated, one_figure
from tests.acceptance.demo_network import seeded_demo, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NORTH = ("--deployment", "cxr-north", "--finding", "nodule")
WEEKS_TO_NOTICE = timedelta(weeks=8)


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    with seeded_demo(blocker=django_db_blocker, home=tmp_path_factory.mktemp("demo")) as made:
        yield made


def overview_rows(demo, username="quality"):
    response = demo.page(username, "/")
    assert response.status_code == 200
    return {row.deployment.pk: row for row in response.context["rows"]}


def test_the_overview_names_the_site_the_fault_and_its_date_and_the_patients_exposed(demo):
    row, said = overview_rows(demo)["cxr-north"], text_of(demo.page("quality", "/"))
    fault = demo.plan.story("lut_gamma_half")
    signals = Signal.objects.filter(monitor__site_id="north", monitor__kind="performance").order_by("began_on")

    assert row.status.state == "act"
    assert "North Hospital" in said and "specificity" in row.why and "exposed" in said
    assert abs(signals[0].began_on - fault.starts_on) < timedelta(weeks=4)
    assert signals[0].exposed_patients > 0


def test_the_prevalence_site_is_not_red(demo):
    assert overview_rows(demo)["cxr-east"].status.state != "act"
    assert not Signal.objects.filter(monitor__deployment_id="cxr-east", status="act").exists()


def test_every_page_says_that_it_is_synthetic(demo):
    for path in ("/", "/signals/", "/cases/", "/registry/"):
        assert "synthetic" in text_of(demo.page("quality", path)).lower()


def test_from_a_figure_to_its_counts_to_its_cases(demo):
    page = demo.page("quality", "/products/cxr/", finding="nodule", site="north")
    figure = one_figure(*NORTH, "--metric", "sensitivity")
    (tile,) = [cell for cell in page.context["tiles"] if cell.label.lower() == "sensitivity"]
    cases = demo.page("quality", tile.href)

    assert str(figure["cases"]) in str(tile.cases)
    assert cases.context["page"].paginator.count == figure["cases"]
    assert {row.case.truth for row in cases.context["rows"]} == {"positive"}


def test_exclusions_add_up_to_everything_logged(demo):
    for deployment in ("cxr-north", "cxr-east", "cxr-south"):
        answer = estimated("--deployment", deployment, "--finding", "nodule", "--metric", "label_coverage")
        counted = answer["estimates"][0]["cases"]
        assert counted + sum(answer["excluded"].values()) == Inference.objects.filter(deployment=deployment).count()


def test_one_case_shows_an_upright_image_the_threshold_in_force_what_was_shown_and_the_read(demo):
    case = shown_case(demo)
    said = text_of(demo.page("radiologist", reverse("reads:case", args=[case.study_id])))
    image = StoredImage.objects.get(study_id=case.study_id)
    picture = demo.page("radiologist", reverse("studies:image", args=[image.instance]))
    shown = np.asarray(Image.open(io.BytesIO(picture.content)).convert("L"), dtype=float)

    assert "Threshold 0.5" in said and "in force" in said and "displayed" in said and "final" in said
    assert np.corrcoef(shown.ravel(), upright_pixels(demo, image).ravel())[0, 1] > 0.99


def shown_case(demo):
    """Return a case of the room at north whose images are MONOCHROME1, shown to its reader and read."""
    room = Inference.objects.filter(
        deployment="cxr-north", described__scanner__serial_number="AU-3002", version="1.1", status="ok"
    )
    shown = Event.objects.filter(kind="displayed", study__in=room.values("study")).values("study")
    return Case.objects.filter(deployment_id="cxr-north", excluded="", study_id__in=shown).exclude(reader="").first()


def upright_pixels(demo, image):
    """Return what the simulator made for the study, turned upright; sizes are those of the stored file."""
    acquired_at = image.study.acquired_at
    study = next(each for each in demo.plan.studies if each.site == "north" and each.acquired_at == acquired_at)
    assert study.exposure.monochrome1
    return (2**study.exposure.bits_stored - 1 - pixels_of(study, seed=demo.plan.seed)).astype(float)


def test_an_amended_truth_moves_the_figure_and_the_earlier_as_of_gives_the_old_one(demo, tmp_path):
    earlier = datetime.now(UTC).isoformat()
    question = (*NORTH, "--metric", "sensitivity")
    known = (*question, "--basis", "known", "--as-of")
    before, then = one_figure(*question), one_figure(*known, earlier)
    amend_a_truth(demo, tmp_path)
    assert demo.manage("catch_up").returncode == 0

    after = one_figure(*question)
    assert after["cases"] == before["cases"] - 1 and after["value"] != before["value"]
    assert one_figure(*known, earlier) == then
    assert then["value"] == pytest.approx(before["value"])


def amend_a_truth(demo, folder):
    """Amend the truth of a detected nodule: it was none."""
    case = Case.objects.filter(
        deployment_id="cxr-north", excluded="", truth="positive", decision="positive", truth_standard="panel"
    ).first()
    study = next(
        each
        for each in demo.plan.studies
        if each.site == "north" and each.acquired_at == Study.objects.get(pk=case.study_id).acquired_at
    )
    row = {"truth_uid": "amended", "amends": f"t{study.number}", "finding": "nodule", "level": "study"}
    row |= {"study_uid": uid_of("study", study.number, seed=demo.plan.seed), "value": "negative", "standard": "panel"}
    path = folder / "amendment.ndjson"
    path.write_text(json.dumps(row | {"certainty": "definite", "determined_at": datetime.now(UTC).isoformat()}) + "\n")
    imported = demo.manage("import_truth", str(path), "--site", "north")
    assert imported.returncode == 0, imported.stderr[-1000:]


def test_the_mammogram_has_two_sides_arbitration_and_an_interval_cancer(demo):
    truth = Truth.objects.get(finding="breast-cancer", attributes__interval_cancer=True)
    said = text_of(demo.page("radiologist", reverse("reads:case", args=[truth.study_id])))
    arbitrated = Read.objects.filter(finding="breast-cancer", stage="arbitration").first()

    assert "cancer L" in said and "cancer R" in said
    assert "follow up" in said and "pathology" in said
    assert "arbitration" in text_of(demo.page("radiologist", reverse("reads:case", args=[arbitrated.study_id])))
    missed = Case.objects.get(study_id=truth.study_id, region="L", excluded="", rule="default")
    assert (missed.decision, missed.truth) == ("negative", "positive")


def test_triage_has_no_area_because_there_is_no_score_but_minutes_to_reader(demo):
    found = {
        each["metric"]: each for each in estimated("--deployment", "stroke-south", "--finding", "lvo")["estimates"]
    }
    said = text_of(demo.page("regulator", "/products/stroke/"))

    assert "because there is no score" in found["auc"]["not_estimable"]
    assert 5 < found["minutes_to_reader"]["value"] < 40
    assert "there is no score" in said and "inutes to reader" in said


def test_the_ejection_fraction_has_its_unit_and_a_bias(demo):
    found = {each["metric"]: each for each in estimated("--deployment", "echo-east", "--finding", "ef")["estimates"]}

    assert found["bias"]["value"] == pytest.approx(1.4, abs=1.5)
    assert set(Prediction.objects.filter(finding="ef").values_list("unit", flat=True)) == {"%"}


def test_the_manufacturer_sees_three_hospitals_in_aggregate_and_no_case(demo):
    rows = overview_rows(demo, "manufacturer")
    case = shown_case(demo)
    image = StoredImage.objects.get(study_id=case.study_id)

    assert {"cxr-north", "cxr-east", "cxr-south"} <= set(rows)
    for name in ("North Hospital", "East Hospital", "South Clinic"):
        assert name in text_of(demo.page("manufacturer", "/products/cxr/"))
    for path in (reverse("reads:case", args=[case.study_id]), reverse("studies:image", args=[image.instance])):
        assert demo.page("manufacturer", path).status_code == 404


def test_one_hospital_sees_nothing_of_the_other(demo):
    south = Case.objects.filter(deployment_id="cxr-south").first()

    assert "cxr-south" not in overview_rows(demo)
    assert demo.page("quality", reverse("reads:case", args=[south.study_id])).status_code == 404


def test_unregistered_version_re_run_and_phantom_are_counted_and_none_is_lost(demo):
    excluded = estimated(*NORTH, "--metric", "label_coverage")["excluded"]
    sent = [each for each in demo.plan.studies if each.site == "north" and each.version == UNREGISTERED_VERSION]

    assert excluded["unregistered_version"] == sum(each.is_usable for each in sent)
    assert excluded["purpose_phantom_qa"] == 1 and excluded["another_run_counts"] == 1
    assert Signal.objects.filter(monitor__kind="flagged", monitor__site_id="north").exists()


def test_the_silent_feed_raised_a_signal_and_its_studies_were_read_without_the_ai(demo):
    story = demo.plan.story("silent_feed")
    signals = Signal.objects.filter(monitor__kind="silence", monitor__deployment_id="cxr-south")
    silent = [each for each in demo.plan.studies if each.is_silent]

    assert abs(signals.first().began_on - story.starts_on) <= timedelta(days=1)
    days = (story.starts_on, story.ends_on - timedelta(days=1))
    assert not Inference.objects.filter(deployment="cxr-south", acquired_at__date__range=days).exists()
    reads = Read.objects.filter(site="south", finding="nodule", study__acquired_at__date__range=days)
    assert reads.count() == len(silent) and set(reads.values_list("ai_exposure", flat=True)) == {"none"}


def test_scoring_again_agrees_except_where_monochrome1_was_ignored(demo):
    differing = Rescore.objects.filter(agrees=False).select_related("inference")

    assert Rescore.objects.filter(agrees=True).count() > 100
    assert {each.inference.described["scanner"]["serial_number"] for each in differing} == {"AU-3344"}


def test_an_edited_score_is_named_by_verify_log(demo):
    prediction, score = some_prediction(demo)
    intact = demo.manage("verify_log")
    assert intact.returncode == 0, intact.stdout[-1000:] + intact.stderr[-1000:]
    tamper(demo, prediction, score=0.0123)
    try:
        found = demo.manage("verify_log")
    finally:
        tamper(demo, prediction, score=score)

    assert found.returncode == 1 and "0.0123" in found.stdout
    assert demo.manage("verify_log").returncode == 0


def some_prediction(demo):
    with psycopg.connect(demo.database.url("owner")) as connection:
        query = (
            "SELECT id, score FROM inference_prediction WHERE finding = 'nodule' AND score > 0.1 ORDER BY id LIMIT 1"
        )
        return connection.execute(query).fetchone()


def tamper(demo, prediction, *, score):
    """Change a row as whoever owns the tables can, past their triggers."""
    with psycopg.connect(demo.database.url("owner")) as connection:
        connection.execute("ALTER TABLE inference_prediction DISABLE TRIGGER USER")
        connection.execute("UPDATE inference_prediction SET score = %s WHERE id = %s", [score, prediction])
        connection.execute("ALTER TABLE inference_prediction ENABLE TRIGGER USER")


def test_the_package_verifies_in_an_empty_folder_with_plain_python_and_recomputes_sensitivity(demo, tmp_path):
    package, folder = tmp_path / "evidence.zip", tmp_path / "empty"
    days = ["--from", str(demo.plan.first_day), "--to", str(demo.plan.last_day + timedelta(days=1))]
    made = demo.manage("export_package", "--product", "cxr", "--site", "north", *days, "--output", str(package))
    assert made.returncode == 0, made.stderr[-1000:]
    keys = [line.split()[1] for line in made.stdout.splitlines() if line.startswith(("north-group ", "cxr-maker "))]
    with zipfile.ZipFile(package) as opened:
        opened.extractall(folder)
    (script,) = folder.rglob("verify.py")
    pins = [part for key in keys for part in ("--key", key)]

    figures = script.parent / "data" / "figures.json"
    assert verified(script, pins).returncode == 0
    sets = json.loads(figures.read_text())["sets"]
    (stated,) = [each["estimates"] for each in sets if each["truth_rule"] == "default"]
    (sensitivity,) = [each for each in stated if each["metric"] == "sensitivity"]
    assert sensitivity["value"] == pytest.approx(one_figure(*NORTH, "--metric", "sensitivity")["value"])
    figures.write_text(figures.read_text().replace(str(sensitivity["value"]), "0.9999", 1))
    refused = verified(script, pins)
    assert refused.returncode == 1 and "sensitivity" in refused.stdout


def verified(script, pins):
    """Run the package's own verifier: an isolated Python without site packages, in the unpacked folder."""
    command = [sys.executable, "-I", "-S", script.name, *pins]
    return subprocess.run(command, cwd=script.parent, capture_output=True, text=True, check=False)
