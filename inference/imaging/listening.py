"""A DICOM storage server: an object is acknowledged when it is on the disk, and taken in right after.

Who may send is an allow-list of AE titles. A full inbox answers "out of
resources", so that senders wait and nothing is lost.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, close_old_connections
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import ThreadedAssociationServer

from inference.dicom.transfer import ALL_TRANSFER_SYNTAXES, part10_bytes
from inference.imaging.inbox import Inbox, InboxFullError
from inference.imaging.taking import Arrival, take_object
from inference.registry.models import Site

logger = logging.getLogger(__name__)

SUCCESS, OUT_OF_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xC000
SECONDS_BETWEEN_TURNS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where to listen, for which site, under which AE title, and who may send."""

    site: str
    ae_title: str
    host: str
    port: int
    allowed: tuple[str, ...] = ()
    context: ssl.SSLContext | None = None


class DicomListener:
    """The server and the thread that takes in what waits."""

    def __init__(self, listening: Listening, *, inbox: Inbox, clock: Callable[[], datetime]) -> None:
        self.listening, self.inbox, self.clock = listening, inbox, clock
        self._server: ThreadedAssociationServer | None = None
        self._arrived, self._stop = threading.Event(), threading.Event()
        self._taker = threading.Thread(target=self._take_in, name="dicom-taking-in")

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Listen, and take in what an earlier run left.

        Raises:
            OSError: the port is taken.
        """
        entity = application_entity(self.listening)
        self._server = entity.start_server(
            (self.listening.host, self.listening.port),
            block=False,
            evt_handlers=[(evt.EVT_C_STORE, self._store), (evt.EVT_C_ECHO, lambda _event: SUCCESS)],
            ssl_context=self.listening.context,
        )
        self._taker.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
        self._stop.set()
        self._arrived.set()
        self._taker.join()

    def _store(self, event: evt.Event) -> int:
        """Answer one C-STORE: the object is on the disk, or it is not taken."""
        try:
            calling = str(event.assoc.requestor.ae_title)
            self.inbox.put(part10_bytes(event), calling_ae=calling)
        except InboxFullError as error:
            logger.warning("an object is turned away: %s", error)
            return OUT_OF_RESOURCES
        except OSError:
            logger.exception("an object could not be kept and is not acknowledged")
            return OUT_OF_RESOURCES
        except (ValueError, AttributeError, TypeError):
            logger.exception("an object could not be read from the network")
            return CANNOT_UNDERSTAND
        self._arrived.set()
        return SUCCESS

    def _take_in(self) -> None:
        while not self._stop.is_set():
            try:
                take_waiting(self.inbox, listening=self.listening, clock=self.clock, stop=self._stop)
            except DatabaseError:
                logger.exception("objects wait: the database does not answer")
            except Exception:
                logger.exception("objects wait: one could not be taken in")
            finally:
                close_old_connections()
            self._arrived.wait(SECONDS_BETWEEN_TURNS)
            self._arrived.clear()


def take_waiting(
    inbox: Inbox, *, listening: Listening, clock: Callable[[], datetime], stop: threading.Event | None = None
) -> int:
    """Take in what waits, one object in a transaction, and return how many; each file goes after its commit."""
    taken = 0
    for each in inbox.waiting():
        if stop is not None and stop.is_set():
            break
        site = Site.objects.select_related("organisation").get(pk=listening.site)
        arrival = Arrival(site=site, calling_ae=each.calling_ae, origin=f"dicom:{each.calling_ae}", now=clock())
        found = take_object(each.data, name=each.path.stem[:16], arrival=arrival)
        each.path.unlink(missing_ok=True)
        taken += 1
        logger.info("object taken in: site=%s form=%s in=%s", listening.site, found.form, found.is_in)
    return taken


def application_entity(listening: Listening) -> AE:
    entity = AE(ae_title=listening.ae_title)
    entity.require_called_aet = True
    if listening.allowed:
        entity.require_calling_aet = list(listening.allowed)
    for context in AllStoragePresentationContexts:
        assert context.abstract_syntax is not None
        offered = build_context(context.abstract_syntax, ALL_TRANSFER_SYNTAXES)
        entity.add_supported_context(offered.abstract_syntax or "", offered.transfer_syntax)
    entity.add_supported_context(Verification)
    return entity
