"""Result objects as vendors' toolkits write them, made with highdicom and pydicom on images of pydicom."""

import io

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

ALGORITHM = "Nodule Finder"


def ct_slice():
    return dcmread(get_testdata_file("CT_small.dcm"))


def measurement_report(*, probability=0.83, finding=("27925004", "SCT", "Nodule"), present=True):
    """Return a TID 1500 report on one CT slice: a nodule with a box, its probability and a qualitative presence."""
    hd = pytest.importorskip("highdicom", reason="highdicom is not installed")
    sr = hd.sr
    image = ct_slice()
    source = sr.SourceImageForRegion.from_source_image(image)
    box = np.array([[10.0, 20.0], [40.0, 20.0], [40.0, 60.0], [10.0, 60.0], [10.0, 20.0]])
    region = sr.ImageRegion(graphic_type=sr.GraphicTypeValues.POLYLINE, graphic_data=box, source_image=source)
    percent = sr.CodedConcept("%", "UCUM", "percent")
    certainty = sr.CodedConcept("111012", "DCM", "Certainty of Finding")
    group = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=generate_uid(), identifier="nodule 1"),
        referenced_region=region,
        finding_type=sr.CodedConcept(*finding),
        measurements=[sr.Measurement(name=certainty, value=probability * 100, unit=percent)],
        qualitative_evaluations=[
            sr.QualitativeEvaluation(
                name=sr.CodedConcept("705057003", "SCT", "Presence"),
                value=sr.CodedConcept("52101004" if present else "2667000", "SCT", "Present" if present else "Absent"),
            )
        ],
    )
    observer = sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=generate_uid(), manufacturer_name="CXR Maker", model_name=ALGORITHM
        ),
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[group],
    )
    return hd.sr.ComprehensiveSR(
        evidence=[image], content=content, series_number=1, series_instance_uid=generate_uid(), instance_number=1,
        sop_instance_uid=generate_uid(), manufacturer="CXR Maker",
    )  # fmt: skip


def rejection_note(instance, *, code="113001"):
    """Return a key object selection that takes an instance back (IHE IOCM)."""
    note = headed("1.2.840.10008.5.1.4.1.1.88.59", modality="KO", of=instance)
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = code, "DCM", "Rejected for Quality Reasons"
    note.ValueType, note.ConceptNameCodeSequence = "CONTAINER", [title]
    reference, series, study = Dataset(), Dataset(), Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = instance.SOPClassUID, instance.SOPInstanceUID
    series.SeriesInstanceUID, series.ReferencedSOPSequence = instance.SeriesInstanceUID, [reference]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = instance.StudyInstanceUID, [series]
    note.CurrentRequestedProcedureEvidenceSequence = [study]
    return note


def presentation_state(instance, *, label="NODULE"):
    """Return a greyscale presentation state with one ellipse on an image."""
    state = headed("1.2.840.10008.5.1.4.1.1.11.1", modality="PR", of=instance)
    state.ContentLabel, state.Manufacturer, state.ManufacturerModelName = label, "CXR Maker", ALGORITHM
    image, graphic, annotation, series = Dataset(), Dataset(), Dataset(), Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = instance.SOPClassUID, instance.SOPInstanceUID
    graphic.GraphicAnnotationUnits, graphic.GraphicDimensions, graphic.NumberOfGraphicPoints = "PIXEL", 2, 4
    graphic.GraphicData, graphic.GraphicType, graphic.GraphicFilled = [10, 20, 30, 20, 20, 15, 20, 25], "ELLIPSE", "N"
    annotation.ReferencedImageSequence, annotation.GraphicObjectSequence = [image], [graphic]
    annotation.GraphicLayer = "AI"
    series.SeriesInstanceUID, series.ReferencedImageSequence = instance.SeriesInstanceUID, [image]
    state.GraphicAnnotationSequence, state.ReferencedSeriesSequence = [annotation], [series]
    return state


def assessment(result, *, answer, reader="R7"):
    """Return a report in which a reader answers to a result of the nodule finder."""
    made = headed("1.2.840.10008.5.1.4.1.1.88.33", modality="SR", of=result)
    said = [
        content("TEXT", ("128774", "DCM", "Person Observer's Login Name"), text=reader),
        content("TEXT", ("121014", "DCM", "Device Observer Manufacturer"), text="CXR Maker"),
        content("TEXT", ("111001", "DCM", "Algorithm Name"), text=ALGORITHM),
    ]
    group = content("CONTAINER", ("3", "99IHE", "Group"))
    group.ContentSequence = [
        content("CODE", ("121071", "DCM", "Finding"), code=("27925004", "SCT", "Nodule")),
        content("CODE", ("1", "99IHE", "AI Result Assessment"), code=("2", "99IHE", answer)),
    ]
    made.ValueType, made.ConceptNameCodeSequence = "CONTAINER", [coded("1", "99IHE", "Assessment of AI results")]
    made.ContentSequence = [*said, group]
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = result.SOPClassUID, result.SOPInstanceUID
    series.ReferencedSOPSequence, series.SeriesInstanceUID = [instance], result.SeriesInstanceUID
    study.ReferencedSeriesSequence, study.StudyInstanceUID = [series], result.StudyInstanceUID
    made.PredecessorDocumentsSequence = [study]
    return made


def content(kind, concept, *, text="", code=None):
    made = Dataset()
    made.ValueType, made.RelationshipType, made.ConceptNameCodeSequence = kind, "CONTAINS", [coded(*concept)]
    if text:
        made.TextValue = text
    if code:
        made.ConceptCodeSequence = [coded(*code)]
    return made


def coded(value, scheme, meaning):
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def headed(sop_class, *, modality, of):
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = sop_class
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    made.SeriesInstanceUID, made.StudyInstanceUID = generate_uid(), of.StudyInstanceUID
    made.PatientID, made.PatientName, made.Modality = of.PatientID, "Doe^John", modality
    made.ContentDate, made.ContentTime = "20260301", "090000"
    return made


def encoded(dataset):
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
