"""The pages that commands write: one HTML file each, everything in it, and nothing in it that was not escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2


def filled(template: str, context: Mapping[str, Any]) -> str:
    """Return a page; a name that the context lacks is an error, not a gap.

    Parameters
    ----------
    template : str
        A file of `templates`.
    context : mapping
        What it shows.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("biocore_bindings"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(context)
