"""`biocore sbi-serve` and `biocore sbi-keys`: scanners of this machine as MOSIP's Secure Biometric Interface."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from biocore.sbi import HOST, PORTS
from biocore_bindings.options import AsJson
from biocore_bindings.sbi_keys import (
    CERTIFICATE,
    DEVICE,
    DEVICE_DAYS,
    FOLDER_VARIABLE,
    Keys,
    create_keys,
    read_keys,
    rotate_key,
    usual_folder,
)
from biocore_bindings.sbi_service import SbiService
from biocore_bindings.serving import Anywhere, Host, Origins, TokenFile, doors, is_beyond, until_told
from biocore_bindings.terminal import EXIT_CODES, Answer, ExitCode, answering, shown

MAX_DAYS = 365  # a key on a disk is not to be believed for longer


class Env(StrEnum):
    """Environments of MOSIP's interface."""

    DEVELOPER = "Developer"
    STAGING = "Staging"
    PRE_PRODUCTION = "Pre-Production"
    PRODUCTION = "Production"


Folder = Annotated[
    Path,
    typer.Option(
        "--keys",
        metavar="DIR",
        envvar=FOLDER_VARIABLE,
        default_factory=usual_folder,
        show_default=False,
        file_okay=False,
        help="Folder of the keys.",
    ),
]
Days = Annotated[
    int, typer.Option("--days", metavar="N", min=1, max=MAX_DAYS, help="For how long the device key is believed.")
]

sbi_keys = typer.Typer(
    help="Keys of a biometric service: create, rotate, show.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


def sbi_serve(
    uris: Annotated[list[str], typer.Argument(metavar="URI...", help="Devices, as `biocore devices` lists them.")],
    folder: Folder,
    env: Annotated[Env, typer.Option("--env", help="What the devices are registered in.")] = Env.DEVELOPER,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="N",
            min=1,
            max=65535,
            help="Otherwise the lowest that is free, 4501 to 4600.",
            show_default=False,
        ),
    ] = None,
    origin: Origins = None,
    host: Host = HOST,
    anywhere: Anywhere = False,
    token_file: TokenFile = None,
    auth_certificate: Annotated[
        Path | None,
        typer.Option(
            "--auth-certificate",
            metavar="FILE",
            help="Authentication server (PEM, DER) that CAPTURE encrypts for; without it CAPTURE is refused.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve scanners and cameras as a Secure Biometric Interface (MOSIP SBI 0.9.5, 1.0) until Ctrl-C."""
    beyond = is_beyond(host, anywhere, token_file)
    with answering("sbi-serve", as_json) as answer:
        ports = PORTS if port is None else (port,)
        may_ask = doors(origin, token_file, beyond)
        with SbiService(
            uris, folder, env=env.value, host=host, ports=ports, doors=may_ask, auth_certificate=auth_certificate
        ) as service:
            if beyond:
                answer.err.print(Text("What is captured crosses the network unencrypted.", style="bold red"))
            for device in service.devices:
                answer.err.print(Text(f"{device.kind} {device.subtype}, serial number {shown(device.serial)}"))
            if service.auth_server is not None:
                whom = service.auth_server.certificate.subject.rfc4514_string()
                answer.err.print(
                    Text(f"Captures for authentication are encrypted for {shown(whom)}; the level stays L0.")
                )
            with until_told():
                answer.err.print(Text(f"Serving at {service.url} (trust level L0); Ctrl-C ends it."))
                service.wait()
            answer.put(url=service.url, devices=[one.device_id for one in service.devices])


@sbi_keys.command("create", epilog=EXIT_CODES)
def create(
    folder: Folder,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Whose devices they are; certificates name it.")],
    days: Days = DEVICE_DAYS,
    as_json: AsJson = False,
) -> None:
    """Make an authority of one's own and the first device key."""
    if not 0 < len(name.strip()) <= 50:
        raise typer.BadParameter("--name must have 1 to 50 characters")
    with answering("sbi-keys create", as_json) as answer:
        _tell(answer, folder, create_keys(folder, name.strip(), days))
        answer.show(Text(f"Those who capture trust {shown(folder / CERTIFICATE)}."))
        answer.show(Text(f"Whoever reads the other files of {shown(folder)} can sign as this device.", style="yellow"))


@sbi_keys.command("rotate", epilog=EXIT_CODES)
def rotate(folder: Folder, days: Days = DEVICE_DAYS, as_json: AsJson = False) -> None:
    """Make a new device key; a service that runs signs with it from its next answer on."""
    with answering("sbi-keys rotate", as_json) as answer:
        _tell(answer, folder, rotate_key(folder, days))


@sbi_keys.command("show", epilog=EXIT_CODES)
def show(folder: Folder, as_json: AsJson = False) -> None:
    """Show the device key's certificate; exit with 1 where it has expired."""
    with answering("sbi-keys show", as_json) as answer:
        keys = read_keys(folder / DEVICE)
        _tell(answer, folder, keys)
        if keys.expired:
            answer.end(ExitCode.NO)
            answer.show(Text("It has expired: rotate it.", style="bold red"))


def _tell(answer: Answer, folder: Path, keys: Keys) -> None:
    begins, ends = keys.certificate.not_valid_before_utc, keys.certificate.not_valid_after_utc
    answer.put(
        fingerprint=keys.fingerprint,
        begins=begins.isoformat(),
        expires=ends.isoformat(),
        trust=str(folder / CERTIFICATE),
    )
    answer.show(Text(f"Device key {keys.fingerprint[:16]}..., believed until {ends:%Y-%m-%d %H:%M} UTC"))
