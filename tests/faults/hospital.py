"""What a hospital sends beside rows: HL7 messages and DICOM objects, each again until it is acknowledged."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage
from pynetdicom import AE

from tests.faults.installation import BETWEEN_TRIES, Installation, Sent
from tests.inference.imaging.objects import ct_slice
from tests.inference.messages.hl7_examples import oru

START, END = b"\x0b", b"\x1c\r"


def send_message(site: Installation, message: bytes) -> bool:
    """Send an HL7 message over MLLP; return whether it was acknowledged."""
    try:
        with socket.create_connection(("127.0.0.1", site.hl7_port), timeout=15) as connection:
            connection.sendall(START + message + END)
            answer = b""
            while not answer.endswith(END):
                piece = connection.recv(4096)
                if not piece:
                    return False
                answer += piece
            return b"MSA|A" in answer
    except OSError:
        return False


def image(number: int) -> Dataset:
    """Return an image of a study, a series and a patient of its own."""
    dataset = ct_slice()
    dataset.PatientID, dataset.AccessionNumber = f"D{number}", f"D{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"1.2.826.0.9.{number}", f"1.2.826.0.9.{number}.1"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.9.{number}.1.1"
    return dataset


def store_object(site: Installation, dataset: Dataset) -> bool:
    """Send an object by C-STORE; return whether it was acknowledged."""
    entity = AE(ae_title="PACS")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 15
    entity.add_requested_context(CTImageStorage)
    association = entity.associate("127.0.0.1", site.dicom_port, ae_title="RADVIGIL")
    if not association.is_established:
        return False
    try:
        return bool(association.send_c_store(dataset).get("Status") == 0x0000)
    except (RuntimeError, ValueError):  # the association broke under it
        return False
    finally:
        association.abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How many a hospital sends while a load of so many batches goes in: spread over it, each until acknowledged."""

    count: int
    batches: int
    sent: Sent
    seconds: float

    def go(self, send: Callable[[int], bool]) -> None:
        until = time.monotonic() + self.seconds
        for number in range(self.count):
            while self.sent.done < number / self.count * self.batches or not send(number):
                assert not self.sent.failed and time.monotonic() < until, f"number {number} was never acknowledged"
                time.sleep(BETWEEN_TRIES)


def send_messages(site: Installation, *, traffic: Traffic) -> None:
    traffic.go(lambda number: send_message(site, oru(accession=f"M{number}", control=f"control-{number}")))


def store_objects(site: Installation, *, traffic: Traffic) -> None:
    traffic.go(lambda number: store_object(site, image(number)))


def files_in(folder: Path, pattern: str) -> list[Path]:
    return [path for path in folder.rglob(pattern) if path.is_file()]
