"""The physics of the simulated radiographs, held to facts that are known without simulating."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from deploy.demo.acquisition import (
    CORTICAL_BONE_PER_CM,
    ENERGIES_KEV,
    SOFT_TISSUE_PER_CM,
    Exposure,
    _automatic_exposure,
    _detected,
    _look_up,
    _spectrum,
    _transmitted,
    _with_scatter,
    radiograph,
)
from deploy.demo.phantom import SIZE, Anatomy, draw_anatomy

USUAL = Exposure()


def slab(*, tissue_cm=10.0, bone_cm=0.0):
    plane = np.ones((SIZE, SIZE), dtype=np.float32)
    return Anatomy(tissue_cm=plane * np.float32(tissue_cm), bone_cm=plane * np.float32(bone_cm), lesion_box=None)


def chest(seed=3):
    return draw_anatomy(patient=np.random.default_rng(seed), study=np.random.default_rng(seed + 1), lesion=None)


def image(exposure, *, seed=5):
    return radiograph(chest(), exposure=exposure, generator=np.random.default_rng(seed))


def transmitted(**thickness):
    return float(_transmitted(slab(**thickness), kvp=110)[0, 0])


def test_attenuation_grows_with_every_centimetre():
    through = [transmitted(tissue_cm=each) for each in (0, 5, 10, 20, 30)]

    assert through[0] == pytest.approx(1, rel=1e-5)
    assert all(thin > thick for thin, thick in pairwise(through))


def test_a_polyenergetic_beam_hardens():
    """The second 10 cm take a smaller share than the first, which one energy alone would not do."""
    first, second = transmitted(tissue_cm=10), transmitted(tissue_cm=20) / transmitted(tissue_cm=10)

    assert second > first


def test_bone_attenuates_more_than_as_much_soft_tissue_and_both_less_at_higher_energy():
    assert transmitted(tissue_cm=10, bone_cm=1) < transmitted(tissue_cm=11)
    assert np.all(np.diff(SOFT_TISSUE_PER_CM) < 0) and np.all(np.diff(CORTICAL_BONE_PER_CM) < 0)


def test_a_spectrum_is_made_of_shares_and_ends_at_the_tube_voltage():
    for kvp in (70.0, 110.0, 125.0):
        weights = _spectrum(kvp)
        assert weights.sum() == pytest.approx(1)
        assert np.all(weights[kvp <= ENERGIES_KEV] == 0)


def test_a_higher_voltage_penetrates_more():
    assert _transmitted(slab(), kvp=125)[0, 0] > _transmitted(slab(), kvp=90)[0, 0]


@pytest.mark.parametrize("thicker", [0.8, 1.0, 1.3])
def test_automatic_exposure_keeps_the_median_whatever_the_patient(thicker):
    anatomy = chest()
    patient = replace(anatomy, tissue_cm=anatomy.tissue_cm * np.float32(thicker))
    exposed = _automatic_exposure(_transmitted(patient, kvp=110), USUAL)

    assert np.median(exposed) * (SIZE / 64) ** 2 == pytest.approx(USUAL.quanta, rel=1e-3)


def test_scatter_is_its_fraction_of_the_whole_and_lowers_contrast():
    primary = _automatic_exposure(_transmitted(chest(), kvp=110), USUAL)
    both = _with_scatter(primary, 0.25)

    assert float(1 - primary.sum() / both.sum()) == pytest.approx(0.25, abs=0.01)
    assert both.std() / both.mean() < primary.std() / primary.mean()


def test_noise_grows_as_dose_falls_like_one_over_its_root():
    def relative_noise(quanta):
        exposure = Exposure(quanta=quanta, electronic_noise=0, blur_cells=0)
        mean = np.full((SIZE, SIZE), quanta / (SIZE / 64) ** 2, dtype=np.float32)
        seen = _detected(mean, exposure, np.random.default_rng(1))
        return seen.std() / seen.mean()

    assert relative_noise(1_000) / relative_noise(16_000) == pytest.approx(4, rel=0.05)
    assert relative_noise(4_000) == pytest.approx(1 / np.sqrt(4_000 / 4), rel=0.03)


def test_a_steeper_table_darkens_and_a_flatter_one_brightens_every_pixel_between_black_and_white():
    counts = _with_scatter(_automatic_exposure(_transmitted(chest(), kvp=110), USUAL), 0.25)
    usual, steep, flat = (_look_up(counts, gamma) for gamma in (1.0, 1.8, 0.5))
    between = (usual > 0) & (usual < 1)

    assert np.all(steep[between] < usual[between]) and np.all(flat[between] > usual[between])
    assert np.allclose(steep, usual**1.8) and np.allclose(flat, usual**0.5)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_monochrome1_is_the_same_image_turned_to_its_complement(bits):
    upright = image(replace(USUAL, bits_stored=bits))
    inverted = image(replace(USUAL, bits_stored=bits, monochrome1=True))

    assert np.array_equal(inverted, 2**bits - 1 - upright)
    assert upright.max() == 2**bits - 1


def test_denser_parts_are_brighter():
    anatomy, pixels = chest(), image(USUAL)
    spine, lung = pixels[:, SIZE // 2 - 2 : SIZE // 2 + 2], pixels[anatomy.tissue_cm < 12]

    assert np.median(spine) > np.median(lung)


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others():
    assert np.array_equal(image(USUAL), image(USUAL))
    assert not np.array_equal(image(USUAL), image(USUAL, seed=6))
