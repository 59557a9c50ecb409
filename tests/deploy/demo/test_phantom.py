"""The phantoms: what a lesion adds, and that chance is seeded."""

import numpy as np
import pytest

from deploy.demo.phantom import FIELD_OF_VIEW_CM, SIZE, Lesion, draw_anatomy

LESION = Lesion(radius=0.15, thickness_cm=3.0)


def draw(*, patient=1, study=2, lesion=None):
    return draw_anatomy(patient=np.random.default_rng(patient), study=np.random.default_rng(study), lesion=lesion)


def test_a_lesion_adds_its_thickness_inside_its_box_and_nothing_far_away():
    with_lesion, without = draw(lesion=LESION), draw()
    added = with_lesion.tissue_cm - without.tissue_cm
    row, column = np.unravel_index(int(np.argmax(added)), added.shape)

    assert added.max() == pytest.approx(LESION.thickness_cm, rel=0.01)
    assert with_lesion.lesion_box.covers(x=column, y=row)
    assert np.median(added) == pytest.approx(0, abs=1e-6)


def test_the_same_patient_has_the_same_bones_in_every_study():
    one, other = draw(study=2), draw(study=3)

    assert np.array_equal(one.bone_cm, other.bone_cm)
    assert not np.array_equal(one.tissue_cm, other.tissue_cm)


def test_thicknesses_are_those_of_a_chest():
    anatomy = draw(lesion=LESION)

    assert anatomy.tissue_cm.shape == (SIZE, SIZE)
    assert anatomy.tissue_cm.min() >= 0
    assert anatomy.tissue_cm.max() < 40
    assert anatomy.bone_cm.max() == pytest.approx(2.65, abs=0.35)


def test_a_lesions_diameter_is_its_share_of_the_field_of_view():
    assert Lesion(radius=0.1, thickness_cm=1).diameter_mm == pytest.approx(0.1 * FIELD_OF_VIEW_CM * 10)


def test_the_same_seeds_give_the_same_anatomy():
    assert np.array_equal(draw(lesion=LESION).tissue_cm, draw(lesion=LESION).tissue_cm)
