"""Files of coefficients that come with the library: read, or named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from biocore import coefficients
from biocore.errors import ModelError
from biocore.fingerprint import likelihood
from biocore.iris import calibration, score


@pytest.mark.parametrize("module", [likelihood, calibration, score])
def test_a_file_that_is_missing_or_no_text_is_a_damaged_installation(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.parse(coefficients.shipped(f"{module.__package__}.models", module.MODEL))
    monkeypatch.setattr(module, "MODEL", "none-9.toml")
    with pytest.raises(ModelError, match=r"none-9\.toml cannot be read: .*install biocore again"):
        module.model.__wrapped__()


def _offset(raw: Mapping[str, Any]) -> float:
    return float(raw["one"]["offset"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("format = 1\n[one]\noffset = 'x'", "could not convert"),
        ("format = 1\n[one]", "offset"),
        ("format = 1\none = 3", "not subscriptable"),
        ("format = 2", "is of format 2, not 1"),
        ("format", "Expected"),
        ("", "format"),
    ],
)
def test_a_file_of_another_layout_is_named(text: str, says: str) -> None:
    with pytest.raises(ModelError, match=rf"x\.toml .*{says}"):
        coefficients.parse(text, "x.toml", 1, _offset)
    assert coefficients.parse("format = 1\n[one]\noffset = 2", "x.toml", 1, _offset) == 2.0
