"""What the store keeps: pixels and technique; nothing that names anybody, and a word where writing may be burned in."""

import io
from uuid import UUID

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from inference.dicom.deidentify import KEPT, NewNames, deidentify, may_show_text
from tests.inference.dicom.objects import radiograph

NAMES = NewNames(patient=UUID(int=1), study=UUID(int=2), series=UUID(int=3), instance=UUID(int=4))
IDENTIFYING = {
    "PatientName": "Muster^Erika",
    "PatientBirthDate": "19600101",
    "PatientAddress": "Hauptstrasse 1",
    "OtherPatientIDs": "OTHER-1",
    "InstitutionName": "St. Elsewhere",
    "ReferringPhysicianName": "House^Gregory",
    "OperatorsName": "Tech^Nician",
    "StudyDescription": "Chest of Erika",
    "SeriesDescription": "PA Erika",
    "ImageComments": "seen by Dr. House",
    "StationName": "ROOM-7",
    "DeviceSerialNumber": "SN-4711",
    "StudyID": "S-99",
    "AccessionNumber": "A-4242",
    "PatientComments": "allergic",
    "ProtocolName": "Erika special",
}


def kept(**elements) -> Dataset:
    dataset = dcmread(io.BytesIO(radiograph(1)))
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dcmread(io.BytesIO(deidentify(dataset, names=NAMES, name="test")))


@pytest.mark.parametrize(("keyword", "value"), IDENTIFYING.items())
def test_an_identifying_element_goes(keyword, value):
    found = kept(**{keyword: value})

    assert value not in str(found.get(keyword, ""))
    assert value.encode() not in found.to_json().encode()


def test_uids_become_random_ones():
    found = kept()

    assert found.StudyInstanceUID == "2.25.2"
    assert found.SOPInstanceUID == found.file_meta.MediaStorageSOPInstanceUID == "2.25.4"
    assert found.PatientID == str(UUID(int=1))
    assert found.PatientIdentityRemoved == "YES"


def test_no_date_stays():
    found = kept()

    assert not [element for element in found if element.VR in ("DA", "TM", "DT") and element.value]


def test_private_elements_and_overlays_go():
    dataset = dcmread(io.BytesIO(radiograph(1)))
    dataset.private_block(0x0029, "ACME", create=True).add_new(0x01, "LO", "Erika")
    dataset.add_new((0x6000, 0x3000), "OW", b"\x01\x02")

    found = dcmread(io.BytesIO(deidentify(dataset, names=NAMES, name="test")))

    assert not [element for element in found if element.tag.is_private or element.tag.group == 0x6000]


def test_what_hides_in_a_sequence_that_stays_goes_too():
    item = Dataset()
    item.PixelSpacing, item.PatientName, item.LUTExplanation = [1, 1], "Muster^Erika", "for Erika"
    group = Dataset()
    group.PixelMeasuresSequence = Sequence([item])
    group.RequestAttributesSequence = Sequence([item])

    found = kept(SharedFunctionalGroupsSequence=Sequence([group]))

    assert "Erika" not in str(found)
    assert found.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing == [1, 1]


def test_the_technique_stays():
    found = kept(KVP="110", ViewPosition="PA")

    assert (found.KVP, found.ViewPosition, found.ManufacturerModelName) == (110, "PA", "DuraRay 300")


def test_the_allow_list_names_elements_that_exist():
    from pydicom.datadict import tag_for_keyword

    assert not [keyword for keyword in KEPT if tag_for_keyword(keyword) is None]


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"BurnedInAnnotation": "NO"}, False),
        ({"BurnedInAnnotation": "YES"}, True),
        ({"BurnedInAnnotation": "", "Modality": "US"}, True),
        ({"BurnedInAnnotation": "", "Modality": "DX"}, False),
        ({"BurnedInAnnotation": "", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, True),
    ],
)
def test_writing_in_the_pixels_is_said(elements, expected):
    dataset = dcmread(io.BytesIO(radiograph(1)))
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)

    assert may_show_text(dataset) is expected
