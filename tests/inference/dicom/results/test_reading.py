"""Result objects that others made, read for what they say."""

from pathlib import Path

import pydicom
import pytest

from inference.dicom.results.reading import read_result

FILES = Path(__file__).parents[5] / "shared" / "data" / "highdicom-test-files"

pytestmark = pytest.mark.skipif(not FILES.exists(), reason="the shared data are not here")


def result(name):
    return read_result(pydicom.dcmread(FILES / name), name=name)


def test_a_measurement_report_says_finding_site_number_unit_and_box():
    found = result("sr_document_with_multiple_groups.dcm")
    nodule = next(each for each in found.said if each.finding.meaning == "Nodule")

    assert found.form == "measurement report" and str(nodule.site) == "SCT:39607008"
    assert (nodule.measurement, nodule.unit, nodule.quantity.meaning) == (10.0, "mm", "Diameter")
    (mark,) = nodule.marks
    assert (mark.x, mark.y, mark.width, mark.height) == (35, 45, 20, 20)  # a circle around (45, 55) of radius 10
    assert [mark.sop_instance_uid] == list(found.images)


@pytest.mark.parametrize(
    ("name", "voxels"), [("seg_image_ct_binary.dcm", 638.0), ("seg_image_ct_true_fractional.dcm", 326.0235)]
)
def test_a_segmentation_says_the_volume_of_its_segments_in_millilitres(name, voxels):
    dataset = pydicom.dcmread(FILES / name)
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    rows, columns = (float(each) for each in measures.PixelSpacing)
    depth = float(measures.get("SpacingBetweenSlices") or measures.SliceThickness)
    (bone,) = result(name).said

    assert bone.finding.meaning == "Bone" and bone.unit == "mL"
    assert bone.mask["voxels"] == pytest.approx(voxels, abs=1e-3)
    assert bone.measurement == pytest.approx(bone.mask["voxels"] * rows * columns * depth / 1000)


@pytest.mark.parametrize("name", ["ct_image.dcm", "dx_image.dcm", "sm_image.dcm"])
def test_an_image_is_no_result(name):
    assert result(name) is None
