"""Every form of object through the one door: each modality's header a study, each result an inference."""

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from inference.events.models import Event
from inference.imaging.models import ResultSource
from inference.imaging.taking import Arrival, take_object
from inference.registry.models import Site
from inference.results.models import Inference, Prediction
from inference.studies.models import StoredImage, Study
from tests.factories import make_network
from tests.inference.dicom.results.test_cad_reports import CHEST, MAMMOGRAPHY, MASS, finding, report
from tests.inference.imaging.objects import ct_slice, encoded, headed

pytestmark = pytest.mark.django_db


@pytest.fixture
def arrival(settings, tmp_path, now):
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    make_network()
    return Arrival(site=Site.objects.get(pk="north"), calling_ae="AI", origin="dicom:AI", now=now)


def with_paths(dataset):
    path = Dataset()
    path.ObjectiveLensPower = 40
    dataset.OpticalPathSequence = [path]


def with_dose(dataset):
    agent = Dataset()
    agent.RadionuclideTotalDose = 370
    dataset.RadiopharmaceuticalInformationSequence = [agent]


MODALITIES = {
    "CT": ({"KVP": "120", "CTDIvol": 8.5, "ConvolutionKernel": "B30f"}, "acquisition.ctdivol_mgy", 8.5),
    "MR": ({"MagneticFieldStrength": "3", "ParallelReductionFactorInPlane": 2.0}, "acquisition.acceleration", "2"),
    "US": ({"TransducerData": "C5-1", "CineRate": "30"}, "acquisition.probe", "C5-1"),
    "CR": ({"ExposureInuAs": "3200", "ViewPosition": "AP"}, "acquisition.exposure_mas", 3.2),
    "DX": ({"ExposureIndex": "412", "ViewPosition": "PA"}, "acquisition.exposure_index", 412.0),
    "MG": ({"CompressionForce": "110", "ImageLaterality": "L"}, "acquisition.compression_force_n", 110.0),
    "NM": (with_dose, "acquisition.radionuclide_dose_mbq", 370.0),
    "SM": (with_paths, "acquisition.magnification", 40.0),
    "OP": ({"ImageLaterality": "R"}, "acquisition.laterality", "R"),
    "XC": ({"PixelSpacing": [0.5, 0.5]}, "acquisition.pixel_spacing_mm", 0.5),
    "ES": ({"PhotometricInterpretation": "MONOCHROME2"}, "acquisition.photometric_interpretation", "MONOCHROME2"),
}


@pytest.mark.parametrize("modality", MODALITIES)
def test_an_image_of_any_modality_is_a_study_with_its_acquisition_and_an_operator_under_a_pseudonym(arrival, modality):
    given, name, value = MODALITIES[modality]
    image = ct_slice()
    image.Modality, image.OperatorsName, image.SoftwareVersions = modality, "Tech^Nora", "VB20"
    if callable(given):
        given(image)
    else:
        for keyword, part in given.items():
            setattr(image, keyword, part)

    assert take_object(encoded(image), name="image", arrival=arrival).outcome == "stored"

    study = Study.objects.get()
    assert (study.modality, study.described[name], study.described["scanner.software_version"]) == (
        modality, value, "VB20",
    )  # fmt: skip
    assert study.described["study.operator"].startswith("operator-")
    assert "Nora" not in str(list(Event.objects.values()))
    assert StoredImage.objects.get().modality == modality


@pytest.mark.parametrize(("title", "form"), [(MAMMOGRAPHY, "mammography CAD report"), (CHEST, "chest CAD report")])
def test_a_cad_report_is_an_inference_with_marks_by_side(arrival, now, title, form):
    ResultSource.objects.create(
        site=arrival.site, deployment_id="mammo-north", algorithm="CAD", created_at=now,
        findings={f"SRT:{MASS[0]}": "malignancy"},
    )  # fmt: skip
    made = report(title, finding(MASS, "1.2"))
    head = headed(made.SOPClassUID, modality="SR", of=ct_slice())
    head.update({element.tag: element for element in made})
    head.ValueType = "CONTAINER"
    taken = take_object(encoded(head), name="cad", arrival=arrival)

    assert (taken.form, taken.outcome) == (form, "stored")
    prediction = Prediction.objects.get()
    assert (prediction.finding, prediction.region, prediction.decision) == ("malignancy", "L", "positive")
    assert len(prediction.marks) == 1 and Inference.objects.get().status == "ok"


def test_a_segmentation_is_an_inference_with_its_mask(arrival, now):
    ResultSource.objects.create(
        site=arrival.site, deployment_id="cxr-north", created_at=now, findings={"SRT:T-62000": "nodule"}
    )
    data = get_testdata_file("liver.dcm")
    if data is None:
        pytest.skip("this file is not shipped here")
    taken = take_object(encoded(dcmread(data)), name="seg", arrival=arrival)

    assert (taken.form, taken.outcome) == ("segmentation", "stored")
    assert Prediction.objects.get().mask["kind"] == "seg"


def test_a_parametric_map_is_an_inference_that_says_that_it_is_there(arrival, now):
    ResultSource.objects.create(
        site=arrival.site, deployment_id="cxr-north", created_at=now, findings={"SCT:27925004": "nodule"}
    )
    made = headed("1.2.840.10008.5.1.4.1.1.30", modality="OT", of=ct_slice())
    made.Manufacturer, made.ManufacturerModelName, made.ContentLabel = "CXR Maker", "Maps", "MAP"

    assert take_object(encoded(made), name="map", arrival=arrival).form == "parametric map"
    assert Inference.objects.count() == 1
