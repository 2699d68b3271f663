"""`biocore models`: the model files a user adds, checked by their hash."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import biocore.models
from biocore_bindings.options import AsJson
from biocore_bindings.terminal import EXIT_CODES, answering, shown, table

models = typer.Typer(
    help="Keep model files: list, add, remove.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


@models.command("list", epilog=EXIT_CODES)
def list_models(as_json: AsJson = False) -> None:
    """List the models that are installed."""
    with answering("models list", as_json) as answer:
        found = biocore.models.list_models()
        answer.put(models=[asdict(model) for model in found])
        if not found:
            answer.show(Text("No model is installed; the ones that come with the library are used."))
            return
        rows = table("Name", "Title", "Version", "Size", "MD5", right=(3,))
        for model in found:
            rows.add_row(
                Text(shown(model.name), style="bold"),
                shown(model.title),
                shown(model.version),
                f"{model.size / 1e6:.1f} MB",
                model.md5,
            )
        answer.show(rows)


@models.command("add", epilog=EXIT_CODES)
def add(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The model, or the info text that came with it.", readable=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Check a model file against its published hash and keep a copy."""
    with answering("models add", as_json) as answer:
        model = biocore.models.add(file)
        answer.put(model=asdict(model))
        answer.show(Text(f"Added {shown(model.name)} ({model.size / 1e6:.1f} MB, MD5 {model.md5})."))


@models.command("remove", epilog=EXIT_CODES)
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `biocore models list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Take a model out again."""
    with answering("models remove", as_json) as answer:
        biocore.models.remove(name)
        answer.put(removed=name)
        answer.show(Text(f"Removed {shown(name)}."))
