"""Registered weights and stored pixels give the logged score again, or a reason why not."""

from pathlib import Path

import pytest

from audit.log.models import Entry
from inference.registry.models import Site
from inference.rescoring.errors import NothingToRescoreError
from inference.rescoring.models import Rescore, RescoreItem
from inference.rescoring.queries import agreement_by_scanner, agreement_of, failures_of, progress_of
from inference.rescoring.scoring import score_run
from inference.results.models import Prediction
from inference.studies.models import StoredImage
from inference.studies.pixels import store_dicom
from tests.factories import NETWORK, inference_row, make_network, send
from tests.inference.dicom.objects import radiograph
from tests.inference.rescoring.examples import begin, make_images, noise

pytestmark = pytest.mark.django_db


def finished(run):
    score_run(run_id=run.pk, worker="w1")
    run.refresh_from_db()
    return run


def test_a_rescore_agrees_with_what_the_network_logged(now):
    digest = make_images(3)

    run = finished(begin())

    agreement = agreement_of(run)
    assert (agreement.compared, agreement.agreeing) == (3, 3)
    assert agreement.largest < 1e-6
    assert run.finished_at is not None
    assert set(Rescore.objects.values_list("weights_sha256", flat=True)) == {digest}


def test_every_rescore_stands_in_the_log_with_its_environment():
    make_images(2)

    finished(begin())

    assert Entry.objects.filter(kind="rescore", scope="deployment/cxr-north").count() == 2
    assert set(Rescore.objects.first().environment) == {"torch", "device", "threads"}
    assert Entry.objects.filter(kind__in=["rescore.started", "rescore.finished"]).count() == 2


def test_weights_with_another_hash_are_refused(settings):
    digest = make_images(2)
    path = Path(settings.RADVIGIL_WEIGHTS) / f"{digest}.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")

    run = finished(begin())

    [(reason, count)] = failures_of(run)
    assert count == 2
    assert "has SHA-256" in reason
    assert not Rescore.objects.exists()


def test_missing_weights_are_said_to_be_missing(settings):
    digest = make_images(1)
    (Path(settings.RADVIGIL_WEIGHTS) / f"{digest}.safetensors").unlink()

    run = finished(begin())

    assert failures_of(run) == [(f"there is no file of the registered weights {digest[:12]}… in the weights folder", 1)]


def test_an_unregistered_version_cannot_be_scored_again():
    make_images(1)
    send("inferences", inference_row(1, inference_uid="odd", version="9.9"))

    run = finished(begin())

    assert failures_of(run) == [("version 9.9 is not registered", 1)]
    assert progress_of(run, now=run.finished_at).done == 1


def test_lost_pixels_are_a_reason_and_the_rest_is_scored(settings):
    make_images(3)
    (Path(settings.RADVIGIL_PIXELS) / StoredImage.objects.first().path).unlink()

    run = finished(begin())

    assert progress_of(run, now=run.finished_at).done == 2
    assert "not in the pixel store" in failures_of(run)[0][0]


def test_a_score_that_was_not_the_networks_does_not_agree(now):
    make_images(2)
    send("inferences", inference_row(1, inference_uid="again", score=0.0001))

    agreement = agreement_of(finished(begin()))

    assert (agreement.compared, agreement.agreeing) == (3, 2)
    assert agreement.flipped in (0, 1)


def test_agreement_is_told_by_scanner():
    make_images(2)

    [group] = agreement_by_scanner(finished(begin()))

    assert group.label.startswith("ysio-max")
    assert group.share == 1.0


def test_the_same_seed_draws_the_same_sample():
    make_images(6)

    drawn = [sorted(begin(sample=3, seed=5).items.values_list("inference_id", flat=True)) for _ in range(2)]

    assert drawn[0] == drawn[1]


def test_another_seed_draws_another_sample():
    make_images(8)

    drawn = {
        tuple(sorted(begin(sample=3, seed=seed).items.values_list("inference_id", flat=True))) for seed in range(5)
    }

    assert len(drawn) > 1


def test_scoring_twice_gives_the_same_digits():
    make_images(3)

    finished(begin())
    finished(begin())

    scores = list(Rescore.objects.order_by("inference_id", "pk").values_list("score", flat=True))
    assert scores[0::2] == scores[1::2]


def test_nothing_can_be_drawn_without_pixels():
    make_network(NETWORK)
    send("inferences", inference_row(1))

    with pytest.raises(NothingToRescoreError):
        begin()


def test_several_images_are_not_guessed_among(now):
    make_images(1)
    second = radiograph(1, pixels=noise(2), sop_instance_uid="1.2.826.0.1.1.1.2")
    store_dicom(second, site=Site.objects.get(pk="north"), now=now)

    run = finished(begin())

    assert failures_of(run) == [("2 images could be meant, and the network takes one", 1)]


def test_a_run_says_which_image_it_used(now):
    make_images(1)
    other = radiograph(1, pixels=noise(2), sop_instance_uid="1.2.826.0.1.1.1.2")
    store_dicom(other, site=Site.objects.get(pk="north"), now=now)
    logged = Prediction.objects.get().score
    named = [{"kind": "dicom", "sop_instance_uid": "1.2.826.0.1.1.1.1"}]
    send("inferences", inference_row(1, inference_uid="named", score=logged, inputs=named))

    agreement = agreement_of(finished(begin()))

    assert (agreement.compared, agreement.agreeing) == (1, 1)


def test_items_are_closed_one_way_or_the_other():
    make_images(4)

    run = finished(begin(sample=2))

    assert set(run.items.values_list("state", flat=True)) == {RescoreItem.State.DONE}
    assert run.items.count() == 2
