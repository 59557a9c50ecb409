"""Mammography and chest CAD reports, built as PS3.16 TID 4000 and 4100 lay them out."""

import pytest
from pydicom.dataset import Dataset

from inference.dicom.assessments import assessments_in
from inference.dicom.results.reading import read_result

MAMMOGRAPHY, CHEST = ("111036", "DCM", "Mammography CAD Report"), ("112000", "DCM", "Chest CAD Report")
MASS, CALCIFICATIONS = ("F-01796", "SRT", "Mammography breast density"), ("F-01775", "SRT", "Calcification Cluster")
RIGHT, LEFT = ("G-A100", "SRT", "Right"), ("G-A101", "SRT", "Left")
REQUIRED, NOT_SHOWN = ("111150", "DCM", "Presentation Required"), ("111152", "DCM", "Not for Presentation")


def coded(value, scheme, meaning):
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def item(kind, concept, *children, relationship="CONTAINS", **values):
    made = Dataset()
    made.ValueType, made.RelationshipType, made.ConceptNameCodeSequence = kind, relationship, [coded(*concept)]
    if children:
        made.ContentSequence = list(children)
    if "code" in values:
        made.ConceptCodeSequence = [coded(*values["code"])]
    if "number" in values:
        measured = Dataset()
        measured.NumericValue, measured.MeasurementUnitsCodeSequence = values["number"], [coded("%", "UCUM", "percent")]
        made.MeasuredValueSequence = [measured]
    if "points" in values:
        made.GraphicType, made.GraphicData = values.get("shape", "POLYLINE"), values["points"]
    if "instance" in values:
        reference = Dataset()
        reference.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
        reference.ReferencedSOPInstanceUID = values["instance"]
        made.ReferencedSOPSequence = [reference]
    return made


def image(instance, side):
    laterality = item("CODE", ("111027", "DCM", "Image Laterality"), relationship="HAS ACQ CONTEXT", code=side)
    return item("IMAGE", ("121324", "DCM", "Source Image"), laterality, instance=instance)


def finding(kind, instance, *, intent=REQUIRED, probability=None):
    selected = item("IMAGE", ("121324", "DCM", "Source Image"), relationship="SELECTED FROM", instance=instance)
    outline = item("SCOORD", ("111041", "DCM", "Outline"), selected, points=[10, 10, 30, 10, 30, 40, 10, 40])
    parts = [item("CODE", ("111056", "DCM", "Rendering Intent"), code=intent), outline]
    if probability is not None:
        parts.append(item("NUM", ("111047", "DCM", "Probability of cancer"), number=probability))
    return item("CODE", ("111059", "DCM", "Single Image Finding"), *parts, code=kind)


def report(title, *parts, detections=(), outcome=("111222", "DCM", "Succeeded")):
    performed = [item("CODE", ("111022", "DCM", "Detection Performed"), code=each) for each in detections]
    successful = item("CONTAINER", ("111063", "DCM", "Successful Detections"), *performed)
    summary = item("CODE", ("111064", "DCM", "Summary of Detections"), successful, code=outcome)
    library = item("CONTAINER", ("111028", "DCM", "Image Library"), image("1.1", RIGHT), image("1.2", LEFT))
    algorithm = item("TEXT", ("111001", "DCM", "Algorithm Name"))
    algorithm.TextValue = "CAD"
    root = item("CONTAINER", title, library, *parts, summary, algorithm)
    root.SOPClassUID, root.Manufacturer, root.SoftwareVersions = "1.2.840.10008.5.1.4.1.1.88.50", "Maker", "2.0"
    return root


def said(result):
    return {(each.finding.value, each.region): each for each in result.said}


@pytest.mark.parametrize("title", [MAMMOGRAPHY, CHEST])
def test_marks_are_by_finding_and_side_and_silence_of_a_detection_is_a_negative(title):
    marks = finding(MASS, "1.1", probability=70), finding(MASS, "1.1", probability=40)
    found = read_result(report(title, *marks, detections=[MASS, CALCIFICATIONS]), name="cad")

    assert (found.algorithm.name, found.algorithm.version, found.status) == ("CAD", "2.0", "ok")
    right = said(found)[MASS[0], "R"]
    assert (right.decision, right.score, len(right.marks)) == ("positive", 0.7, 2)
    assert (right.marks[0].x, right.marks[0].width, right.marks[0].height, right.marks[0].score) == (10, 20, 30, 0.7)
    assert {key: each.decision for key, each in said(found).items() if key != (MASS[0], "R")} == {
        (MASS[0], "L"): "negative", (CALCIFICATIONS[0], "L"): "negative", (CALCIFICATIONS[0], "R"): "negative",
    }  # fmt: skip


def test_a_mark_that_is_not_for_presentation_makes_no_positive():
    found = read_result(report(MAMMOGRAPHY, finding(MASS, "1.2", intent=NOT_SHOWN, probability=20)), name="cad")

    assert said(found)[MASS[0], "L"].decision == "negative" and said(found)[MASS[0], "L"].score == 0.2


OUTCOMES = [("111222", "ok"), ("111223", "partial"), ("111224", "failed"), ("111225", "not_run")]


@pytest.mark.parametrize(("code", "status"), OUTCOMES)
def test_the_summary_of_detections_is_the_status(code, status):
    assert read_result(report(MAMMOGRAPHY, outcome=(code, "DCM", "x")), name="cad").status == status


def test_a_reference_within_the_report_is_followed():
    pointing = finding(MASS, "1.1")
    selected = pointing.ContentSequence[1].ContentSequence[0]
    del selected.ReferencedSOPSequence, selected.ValueType
    selected.ReferencedContentItemIdentifier = [1, 1, 2]
    found = read_result(report(MAMMOGRAPHY, pointing), name="cad")

    assert said(found)[MASS[0], "L"].marks[0].sop_instance_uid == "1.2"


@pytest.mark.parametrize(
    ("meaning", "response"), [("Accepted", "agree"), ("Rejected", "reject_ai_positive"), ("Modified", "partly_agree")]
)
def test_an_assessment_answers_the_result_that_it_names(meaning, response):
    answer = item("CODE", ("1", "99IHE", "AI Result Assessment"), code=("2", "99IHE", meaning))
    kind = item("CODE", ("121071", "DCM", "Finding"), code=("27925004", "SCT", "Nodule"))
    person = item("TEXT", ("128774", "DCM", "Person Observer's Login Name"), relationship="HAS OBS CONTEXT")
    person.TextValue = "R7"
    group = item("CONTAINER", ("3", "99IHE", "Group"), kind, answer)
    root = item("CONTAINER", ("1", "99IHE", "Assessment of AI results"), person, group)
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", "1.9"
    series.ReferencedSOPSequence, study.ReferencedSeriesSequence = [instance], [series]
    root.SOPClassUID, root.PredecessorDocumentsSequence = "1.2.840.10008.5.1.4.1.1.88.33", [study]

    (found,) = assessments_in(root)
    assert (found.result_uid, found.response, found.reader, found.finding.value) == ("1.9", response, "R7", "27925004")


def test_a_plain_report_is_no_assessment_and_no_result():
    plain = item("CONTAINER", ("1", "99X", "Radiology Report"))
    plain.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"

    assert assessments_in(plain) == [] and read_result(plain, name="sr") is None


def test_a_parametric_map_says_that_it_is_there_and_of_what():
    quantity, mapping, groups, made = Dataset(), Dataset(), Dataset(), Dataset()
    quantity.ConceptNameCodeSequence = [coded("246205007", "SCT", "Quantity")]
    quantity.ConceptCodeSequence = [coded("113041", "DCM", "Apparent Diffusion Coefficient")]
    mapping.QuantityDefinitionSequence, groups.RealWorldValueMappingSequence = [quantity], [mapping]
    made.SOPClassUID, made.SharedFunctionalGroupsSequence = "1.2.840.10008.5.1.4.1.1.30", [groups]
    made.Manufacturer, made.ManufacturerModelName = "Maker", "Mapper"

    found = read_result(made, name="map")
    assert found.form == "parametric map" and found.notes == ("Apparent Diffusion Coefficient",) and not found.said
