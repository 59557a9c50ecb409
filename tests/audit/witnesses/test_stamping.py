"""RFC 3161 tokens from a time stamp server that is made here with openssl."""

import shutil
import subprocess
from datetime import UTC, datetime
from hashlib import sha256

import pytest

pytest.importorskip("rfc3161_client", reason="needs rfc3161-client")

from audit.errors import WitnessError
from audit.log.actions import record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Checkpoint
from audit.log.sequencing import sequence
from audit.log.verifying import verify_log
from audit.proofs.timestamps import read_stamp
from audit.witnesses.models import TimeStamp
from audit.witnesses.stamping import stamp, stamp_logs, wrong_with_stamp

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl"),
]
CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {0}/serial
signer_cert = {0}/tsa.pem
signer_key = {0}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[usage]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
basicConstraints = critical,CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture
def server(tmp_path, settings):
    """Return a time stamp server as a function from query to answer, trusted by the settings."""
    (tmp_path / "conf").write_text(CONFIG.format(tmp_path))
    (tmp_path / "serial").write_text("01")
    new = ("-newkey", "rsa:2048", "-nodes", "-days", "30")
    openssl("req", "-x509", *new, "-subj", "/CN=Root", "-keyout", tmp_path / "root.key", "-out", tmp_path / "root.pem")
    openssl("req", *new[:3], "-subj", "/CN=Stamps", "-keyout", tmp_path / "tsa.key", "-out", tmp_path / "tsa.csr")
    openssl(
        "x509", "-req", "-in", tmp_path / "tsa.csr", "-CA", tmp_path / "root.pem", "-CAkey", tmp_path / "root.key",
        "-CAcreateserial", "-days", "30", "-extfile", tmp_path / "conf", "-extensions", "usage",
        "-out", tmp_path / "tsa.pem",
    )  # fmt: skip
    settings.RADVIGIL_TIME_STAMP_URL = "https://stamps.example/"
    settings.RADVIGIL_TIME_STAMP_ROOTS = str(tmp_path / "root.pem")

    def send(query):
        (tmp_path / "query").write_bytes(query)
        files = ("-queryfile", tmp_path / "query", "-out", tmp_path / "answer")
        openssl("ts", "-reply", "-config", tmp_path / "conf", "-section", "here", *files)
        return (tmp_path / "answer").read_bytes()

    return send


@pytest.fixture
def log(now):
    record_act("test.act", organisation="north-group", subject="x", actor="test", at=now)
    sequence(now=now)
    sign_checkpoints(now=now)


def test_a_checkpoint_is_stamped_once_and_the_token_holds(log, server, now):
    stamp(Checkpoint.objects.get(), now=now, send=server)
    assert stamp_logs(now=now, send=server) == 0
    kept = TimeStamp.objects.get()
    assert wrong_with_stamp(kept) is None
    assert read_stamp(bytes(kept.token)).imprint == sha256(bytes.fromhex(kept.root)).digest()
    assert abs((datetime.now(UTC) - kept.stamped_at).total_seconds()) < 120
    sequence(now=now)
    assert list(verify_log("north-group")) == []


def test_a_token_over_another_root_or_at_another_time_is_named(log, server, now):
    stamp_logs(now=now, send=server)
    kept = TimeStamp.objects.get()
    kept.stamped_at = now
    assert "another time" in str(wrong_with_stamp(kept))
    kept.root = "00" * 32
    assert "does not hold" in str(wrong_with_stamp(kept))


def test_an_answer_that_is_no_token_is_not_kept(log, server, now):
    checkpoint = Checkpoint.objects.get()
    with pytest.raises(WitnessError):
        stamp(checkpoint, now=now, send=lambda query: b"no token")
    assert not TimeStamp.objects.exists()


def test_nothing_is_asked_where_no_server_is_configured(log, settings, now):
    settings.RADVIGIL_TIME_STAMP_URL = ""
    assert stamp_logs(now=now, send=lambda query: pytest.fail("asked")) == 0
