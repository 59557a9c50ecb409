"""Headers of every kind of object: known answers of real files, and of objects laid out as the standard has them."""

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from inference.dicom.acquisition import acquisition_of
from inference.dicom.enhanced import dose_of


def made(**values):
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def grouped(**groups):
    return made(SharedFunctionalGroupsSequence=[made(**{name: [made(**each)] for name, each in groups.items()})])


def coded(value, meaning="", scheme="DCM"):
    return made(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def said(name, value, meaning):
    return made(ConceptNameCodeSequence=[coded(name)], ConceptCodeSequence=[coded(value, meaning, "SCT")])


@pytest.mark.parametrize(
    ("file", "answers"),
    [
        ("CT_small.dcm", {"kvp": 120, "slice_thickness_mm": 5, "convolution_kernel": "STANDARD"}),
        ("MR_small.dcm", {"slice_thickness_mm": 0.8, "sequence": "SE", "echo_time_ms": 240}),
    ],
)
def test_classic_files_say_what_stands_in_them(file, answers):
    found = acquisition_of(dcmread(get_testdata_file(file)))
    assert {name: found[name] for name in answers} == answers


def test_an_enhanced_ct_keeps_its_dose_and_kernel_in_functional_groups():
    found = acquisition_of(
        grouped(
            CTExposureSequence={"CTDIvol": 7.25, "ExposureInmAs": 120.0, "XRayTubeCurrentInmA": 240.0},
            CTXRayDetailsSequence={"KVP": 100.0},
            CTReconstructionSequence={"ConvolutionKernel": "Br40", "ReconstructionAlgorithm": "ITERATIVE"},
            PixelMeasuresSequence={"SliceThickness": 0.6, "PixelSpacing": [0.5, 0.5]},
        )
    )
    wanted = {
        "kvp": 100,
        "exposure_mas": 120,
        "tube_current_ma": 240,
        "ctdivol_mgy": 7.25,
        "convolution_kernel": "Br40",
    }
    assert {name: found[name] for name in wanted} == wanted
    assert (found["reconstruction"], found["slice_thickness_mm"]) == ("ITERATIVE", 0.6)


def test_an_enhanced_mr_says_its_times_and_its_acceleration():
    found = acquisition_of(
        grouped(
            MREchoSequence={"EffectiveEchoTime": 92.0},
            MRTimingAndRelatedParametersSequence={"RepetitionTime": 4000.0, "FlipAngle": 150.0},
            MRModifierSequence={"ParallelReductionFactorInPlane": 2.0, "ParallelReductionFactorOutOfPlane": 1.5},
        )
    )
    assert (found["echo_time_ms"], found["repetition_time_ms"], found["flip_angle_deg"]) == (92, 4000, 150)
    assert found["acceleration"] == "3"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"ConvolutionKernel": "AiCE Body Sharp"}, "AI AiCE"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "DLR"]}, "AI DLR"),
        ({"ConvolutionKernel": "Br40d"}, None),
        ({"ConvolutionKernel": "SOFTDLRX"}, None),
    ],
)
def test_a_reconstruction_by_deep_learning_is_known_by_its_public_name(values, name):
    assert acquisition_of(made(**values)).get("reconstruction") == name


def test_a_slide_says_its_objective_and_its_stains():
    step = made(
        SpecimenPreparationStepContentItemSequence=[
            said("111701", "127790008", "Staining"),
            said("424361007", "12710003", "hematoxylin"),
            said("424361007", "36879007", "eosin"),
        ]
    )
    slide = made(
        OpticalPathSequence=[made(ObjectiveLensPower=20)],
        SpecimenDescriptionSequence=[made(SpecimenPreparationSequence=[step])],
    )
    found = acquisition_of(slide)
    assert (found["magnification"], found["stain"]) == (20, "hematoxylin + eosin")


def test_an_ultrasound_says_its_probe_and_its_rate():
    found = acquisition_of(made(TransducerData=["C5-1", "", ""], TransducerType="SECTOR_PHASED", FrameTime=40.0))
    assert (found["probe"], found["frame_rate_hz"]) == ("C5-1", 25)


def test_a_dose_report_says_the_whole_examination():
    total = made(ConceptNameCodeSequence=[coded("113813")], MeasuredValueSequence=[made(NumericValue=412.5)])
    mean = made(ConceptNameCodeSequence=[coded("113830")], MeasuredValueSequence=[made(NumericValue=9.1)])
    report = made(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67", ContentSequence=[made(ContentSequence=[total]), mean])
    assert dose_of(report) == {"dose_length_product_mgycm": 412.5, "ctdivol_mgy": 9.1}
    assert dose_of(made(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33")) == {}
