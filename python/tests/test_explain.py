from __future__ import annotations

import importlib.metadata

import pytest

import badgateway
from conftest import cli


def test_every_class_is_explained_as_the_program_does() -> None:
    assert len(badgateway.classes()) == 44
    for name in badgateway.classes():
        assert str(badgateway.explain(name)) == cli("explain", name)


def test_an_explanation_has_its_parts() -> None:
    explanation = badgateway.explain("connect_refused")
    assert (explanation.name, explanation.kind, explanation.status) == ("connect_refused", "F", 502)
    assert explanation.causes[0].confirm == "systemctl status SERVICE"
    assert all(cause.fix and cause.shows for cause in explanation.causes)
    assert explanation.settings[0].name in str(explanation)
    assert explanation.visitor.sees and explanation.sources[0].url.startswith("https://")
    with pytest.raises(AttributeError):
        explanation.name = "x"  # type: ignore[misc]


def test_a_class_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"no class is called conect_refused \(is connect_refused meant\?\)"):
        badgateway.explain("conect_refused")
    with pytest.raises(ValueError, match=r"no class is called x; badgateway.classes\(\) lists them"):
        badgateway.explain("x")


def test_the_version_is_the_programs() -> None:
    assert cli("--version").split() == ["badgateway", badgateway.__version__]
    assert importlib.metadata.version("badgateway") == badgateway.__version__
