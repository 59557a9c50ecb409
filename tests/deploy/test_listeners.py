"""Listeners named in the environment: only ours, each with its arguments, and a clear word about any other."""

import pytest

from deploy.listeners import Listener, ListenerError, wanted_listeners


def test_commands_are_taken_apart_as_a_shell_would():
    said = {"RADVIGIL_LISTENERS": " listen_hl7 --site north --port 2575 ; ;listen_dicom --site 'north' "}

    assert wanted_listeners(said) == [
        Listener(name="listen_hl7-1", arguments=("listen_hl7", "--site", "north", "--port", "2575")),
        Listener(name="listen_dicom-2", arguments=("listen_dicom", "--site", "north")),
    ]
    assert wanted_listeners({}) == []


@pytest.mark.parametrize(("text", "words"), [("flush", "is none of"), ("listen_hl7 'x", "is not written as a command")])
def test_anything_else_is_refused_by_name(text, words):
    with pytest.raises(ListenerError, match=words):
        wanted_listeners({"RADVIGIL_LISTENERS": text})
