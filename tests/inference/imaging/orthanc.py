"""A real Orthanc with its DICOMweb plugin, on a free port, with everything in a folder that the test throws away."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request

import pytest

PROGRAM, PLUGIN = "/usr/sbin/Orthanc", "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Orthanc:
    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.root = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.root}/dicom-web"

    def start(self, **more):
        settings = {
            "Name": "test", "StorageDirectory": str(self.folder), "IndexDirectory": str(self.folder),
            "HttpPort": self.port, "DicomServerEnabled": False, "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False, "StableAge": 1, "Plugins": [PLUGIN], "HttpServerEnabled": True,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}, "CheckRevisions": False, **more,
        }  # fmt: skip
        (self.folder / "orthanc.json").write_text(json.dumps(settings))
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [PROGRAM, str(self.folder / "orthanc.json")], stdout=log, stderr=log, env=os.environ | {"LC_ALL": "C"}
            )
        for _ in range(150):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.root}/system", timeout=2):
                return self
            time.sleep(0.1)
        pytest.fail((self.folder / "log").read_text()[-2000:])

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def store(self, data):
        request = urllib.request.Request(f"{self.root}/instances", data=data, method="POST")
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.load(reply)

    def studies(self):
        with urllib.request.urlopen(f"{self.root}/studies", timeout=20) as reply:
            return json.load(reply)

    def delete_study(self, instance):
        request = urllib.request.Request(f"{self.root}/studies/{instance['ParentStudy']}", method="DELETE")
        urllib.request.urlopen(request, timeout=20).close()


def needs_orthanc():
    for path in (PROGRAM, PLUGIN):
        if not os.path.exists(path):
            pytest.skip(f"{path} is not installed; Debian's orthanc and orthanc-dicomweb have it")
