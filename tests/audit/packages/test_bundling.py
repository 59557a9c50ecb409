"""The official verifier: the same text for the same sources, its hash printed anywhere, and told by the manual."""

import subprocess
import sys
from hashlib import sha256

from audit.packages.__main__ import main
from audit.packages.bundling import MODULES, ROOT, verifier_digest, verifier_source


def test_its_hash_is_that_of_its_text():
    assert sha256(verifier_source()).hexdigest() == verifier_digest()


def test_anybody_with_the_sources_gets_the_same_hash_with_plain_python():
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, '.'); import runpy; "
               "sys.argv[1:] = []; runpy.run_module('audit.packages', run_name='__main__')"]  # fmt: skip
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert printed == f"{verifier_digest()}  verify.py\n"


def test_the_source_can_be_printed(capsys):
    assert main(["--source"]) == 0
    assert capsys.readouterr().out.encode() == verifier_source()


def test_a_stale_hash_is_told_with_how_to_write_it(tmp_path, capsys):
    file = tmp_path / "hash"
    assert main(["--check", str(file)]) == 1
    assert f"--write {file}" in capsys.readouterr().err
    assert main(["--write", str(file)]) == 0
    assert main(["--check", str(file)]) == 0


def test_the_manual_says_where_the_hash_stands():
    assert (ROOT / "docs" / "verify.py.sha256").read_text().endswith("  verify.py\n")
    assert "verify.py.sha256" in (ROOT / "docs" / "evidence.md").read_text()


def test_it_holds_every_module_that_the_verifier_imports():
    run = "import sys; sys.path.insert(0, '.'); import audit.verification.__main__; print(*sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", run]
    loaded = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    ours = {name for name in loaded if name.startswith(("audit.proofs.", "audit.verification."))}
    assert ours == set(MODULES)
    assert not any(name.startswith(("django", "audit.log")) for name in loaded)
