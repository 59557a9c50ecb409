"""The hospitals of the demo: their scanners, their readers and the patients they see.

Two organisations, three sites, two (invented) makers of equipment. What goes
wrong there, and when, is told in deploy.demo.stories.
"""

from dataclasses import dataclass

from deploy.demo.acquisition import Exposure


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A maker of X-ray equipment with its standard technique."""

    name: str
    model: str
    exposure: Exposure


AUERBACH = Vendor(name="Auerbach Imaging", model="DuraRay 300", exposure=Exposure(kvp=110, quanta=30_000))
NORDLICHT = Vendor(
    name="Nordlicht Medical",
    model="Lumen DX",
    exposure=Exposure(kvp=120, quanta=20_000, blur_cells=0.9, lut_gamma=0.9),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """One room. `share` is its part of the site's studies; `from_month` 1 means from the start."""

    key: str
    vendor: Vendor
    serial_number: str
    share: float
    from_month: float = 1.0
    monochrome1: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A radiologist. `noise` is the spread of what they see; `trust` how far the AI's answer moves them."""

    key: str
    noise: float = 0.55
    trust: float = 0.35
    always_agrees: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hospital:
    """One site. `studies` is what it does in 18 months; `prevalence` the share of them with a nodule."""

    key: str
    organisation: str
    timezone: str
    studies: int
    prevalence: float
    scanners: tuple[Scanner, ...]
    readers: tuple[Reader, ...]

    @property
    def deployment(self) -> str:
        return f"cxr-{self.key}"


NORTH = Hospital(
    key="north",
    organisation="north-group",
    timezone="Europe/Berlin",
    studies=2_900,
    prevalence=0.28,
    scanners=(
        Scanner(key="n1", vendor=AUERBACH, serial_number="AU-3001", share=0.5),
        Scanner(key="n2", vendor=NORDLICHT, serial_number="NL-1207", share=0.3),
        Scanner(key="n3", vendor=AUERBACH, serial_number="AU-3002", share=0.2, monochrome1=True),
    ),
    readers=(Reader(key="r-n1"), Reader(key="r-n2"), Reader(key="r-n3", always_agrees=True), Reader(key="r-n4")),
)

EAST = Hospital(
    key="east",
    organisation="north-group",
    timezone="Europe/Berlin",
    studies=1_600,
    prevalence=0.22,
    scanners=(
        Scanner(key="e1", vendor=AUERBACH, serial_number="AU-3110", share=0.55),
        Scanner(key="e2", vendor=NORDLICHT, serial_number="NL-1210", share=0.45),
    ),
    readers=(Reader(key="r-e1"), Reader(key="r-e2"), Reader(key="r-e3", noise=0.7)),
)

SOUTH = Hospital(
    key="south",
    organisation="south-clinic",
    timezone="Europe/Vienna",
    studies=2_400,
    prevalence=0.28,
    scanners=(
        Scanner(key="s1", vendor=NORDLICHT, serial_number="NL-0911", share=0.5),
        Scanner(key="s2", vendor=AUERBACH, serial_number="AU-2871", share=0.5),
        Scanner(key="s3", vendor=AUERBACH, serial_number="AU-3344", share=0.5, from_month=15.5, monochrome1=True),
    ),
    readers=(Reader(key="r-s1"), Reader(key="r-s2", noise=0.45), Reader(key="r-s3")),
)

HOSPITALS = (NORTH, EAST, SOUTH)
