"""`biocore biosdk-serve`: the engine as MOSIP's BioSDK, over HTTP."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from biocore.formats.finger_templates import TemplateFormat
from biocore.sbi import HOST
from biocore_bindings.biosdk_calls import Setting
from biocore_bindings.biosdk_service import PORT, BioSdkService
from biocore_bindings.options import DEFAULT_THRESHOLD, AsJson, Effort, Threshold, Work
from biocore_bindings.serving import Anywhere, Host, Origins, TokenFile, doors, is_beyond, until_told
from biocore_bindings.terminal import answering


class Edition(StrEnum):
    """Editions of ISO/IEC 19794-2 that templates are answered in."""

    FMR_2005 = "fmr-2005"
    FMR_2011 = "fmr-2011"


def biosdk_serve(
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes any.")] = PORT,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Answer nothing that MOSIP's compliance toolkit does not know: no causes."),
    ] = False,
    threshold: Threshold = DEFAULT_THRESHOLD,
    edition: Annotated[
        Edition, typer.Option("--format", help="Of fingers' templates, where no flag of the call says otherwise.")
    ] = Edition.FMR_2011,
    effort: Work = Effort.FAST,
    origin: Origins = None,
    host: Host = HOST,
    anywhere: Anywhere = False,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Serve check-quality, match, extract-template, segment and convert-format as MOSIP's BioSDK until Ctrl-C."""
    beyond = is_beyond(host, anywhere, token_file)
    with answering("biosdk-serve", as_json) as answer:
        setting = Setting(threshold, TemplateFormat(edition.value), effort.code, strict)
        with BioSdkService(setting, host=host, port=port, doors=doors(origin, token_file, beyond)) as service:
            if beyond:
                answer.err.print(Text("What is asked and answered crosses the network unencrypted.", style="bold red"))
            with until_told():
                answer.err.print(Text(f"Serving at {service.url}; Ctrl-C ends it."))
                service.wait()
            answer.put(url=service.url)
