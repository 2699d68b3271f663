"""Model files that a user adds: checked by hash when they are added and again whenever they are read.

Nothing here is downloaded or shipped. NIST's forest of NFIQ 2 comes as an info text (`key = value` lines: Name,
Trainer, Description, Version, Path, Hash) with the YAML beside it. It is taken if its MD5 is that of a known
model: a forest of other trees gives other scores, and a score must mean what its name says.

In the store, `<md5>.model` holds the bytes and `<md5>.json` what is known of them. The JSON is written last: a
model is in the store if its JSON is, so an interrupted `add` leaves nothing that counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

import platformdirs

from biocore.errors import ModelError

FOLDER_VARIABLE = "BIOCORE_MODELS"  # environment variable that names another folder
MAX_INFO_BYTES = 65_536  # NIST's info text has under a kilobyte
MAX_MODEL_BYTES = 1 << 30  # bytes; no forest comes near; a wrong path (a disk image) is refused before it is read
_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model the library knows by its hash.

    Attributes
    ----------
    name : str
        Algorithm and version; scores made with the model carry it.
    refused : str
        Why it is not taken; empty where it is.
    """

    name: str
    refused: str = ""


NFIQ2_FOREST = "nfiq2/2.3"
KNOWN_MODELS: Mapping[str, KnownModel] = MappingProxyType(
    {
        # MD5 of nist_plain_tir-ink.yaml as published by NIST with NFIQ 2.3 (usnistgov/NFIQ2, nist_plain_tir-ink.txt)
        "b4a1e7586b3be906f9770e4b77768038": KnownModel(NFIQ2_FOREST),
        # Refused, not relabelled: its trees were grown on the measures of those releases, and the measures here are
        # those of 2.3, so the number would be a score of neither version.
        "ccd75820b48c19f1645ef5e9c481c592": KnownModel(
            "nfiq2/2.0-2.2",
            "this is the forest of NFIQ 2.0 to 2.2; the measures here are those of 2.3. "
            "Take nist_plain_tir-ink from the NFIQ 2.3 release",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model in the store.

    Attributes
    ----------
    name : str
        Algorithm and version (`nfiq2/2.3`).
    md5 : str
        Of the model's bytes, 32 lower-case hexadecimal digits.
    size : int
        Bytes.
    title, trainer, description, version : str
        As the info text says; empty where the model came without one.
    """

    name: str
    md5: str
    size: int
    title: str = ""
    trainer: str = ""
    description: str = ""
    version: str = ""


@dataclass(frozen=True)
class ModelStore:
    """The model files of one user or one machine. Two stores of one folder are equal.

    Attributes
    ----------
    folder : Path
        By default `$BIOCORE_MODELS`, or the user's data folder.
    known : Mapping of str to KnownModel
        By MD5: what may be added.
    """

    folder: Path = field(default_factory=lambda: _default_folder())
    known: Mapping[str, KnownModel] = field(default_factory=lambda: KNOWN_MODELS, compare=False, repr=False)

    def add(self, path: str | os.PathLike[str]) -> ModelInfo:
        """Check a model and copy it into the store.

        Parameters
        ----------
        path : path
            NIST's info text, with the model where its `Path` says, or the model file itself.

        Raises
        ------
        ModelError
            The file is missing, is not what its info text says, or is no model known here.
        """
        source = Path(path)
        text: dict[str, str] = {}
        if _is_info(source):
            text = _read_info(source)
            source = source.parent / text["path"]
        data = _read(source, MAX_MODEL_BYTES)
        md5 = _md5(data)
        if text and text["hash"] != md5:
            raise ModelError(
                f"{source}: altered or of another release: its MD5 is {md5}, its info text says {text['hash']}. "
                "Take both files from one release"
            )
        known = self.known.get(md5)
        if known is None:
            wanted = ", ".join(f"{model.name} ({key})" for key, model in self.known.items() if not model.refused)
            raise ModelError(f"{source}: no model known here (MD5 {md5}); known: {wanted}")
        if known.refused:
            raise ModelError(f"{source}: {known.name}: {known.refused}")
        info = ModelInfo(
            name=known.name,
            md5=md5,
            size=len(data),
            title=text.get("name", ""),
            trainer=text.get("trainer", ""),
            description=text.get("description", ""),
            version=text.get("version", ""),
        )
        self._write(self._model_file(md5), data)
        self._write(self._info_file(md5), json.dumps(asdict(info), indent=1).encode())
        return info

    def list_models(self) -> tuple[ModelInfo, ...]:
        """Return what is in the store, by name.

        Raises
        ------
        ModelError
            An entry is damaged, says which file; or the folder cannot be read.
        """
        try:
            entries = [
                path for path in self.folder.iterdir() if path.suffix == ".json"
            ]  # glob hides what it may not see
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ModelError(f"{self.folder}: cannot be read: {error.strerror}") from error
        return tuple(sorted((_load_info(path) for path in entries), key=lambda info: info.name))

    def find(self, name: str) -> ModelInfo | None:
        """Return the model of that name, or None where it was never added.

        Raises
        ------
        ModelError
            Its entry is damaged.
        """
        for md5, known in self.known.items():
            if known.name == name and not known.refused and self._has(md5):
                return _load_info(self._info_file(md5))
        return None

    def read(self, info: ModelInfo) -> bytes:
        """Return the model's bytes, checked again against their hash.

        Raises
        ------
        ModelError
            The file is gone or altered, or is no model known here.
        """
        again = "Remove the model and add it again"
        known = self.known.get(info.md5)
        if known is None or known.refused or known.name != info.name:
            raise ModelError(f"{self._info_file(info.md5)}: {info.name} is no model known here. {again}")
        path = self._model_file(info.md5)
        data = _read(path, MAX_MODEL_BYTES)
        if _md5(data) != info.md5:
            raise ModelError(f"{path}: altered since it was added: its MD5 is {_md5(data)}, not {info.md5}. {again}")
        return data

    def remove(self, name: str) -> None:
        """Take a model out of the store.

        Raises
        ------
        ModelError
            There is none of that name, or its files cannot be removed.
        """
        md5s = [md5 for md5, known in self.known.items() if known.name == name and self._has(md5)]
        if not md5s:
            raise ModelError(f"no model {name!r} in {self.folder}")
        for md5 in md5s:  # the JSON first: without it the model does not count
            try:
                self._info_file(md5).unlink(missing_ok=True)
                self._model_file(md5).unlink(missing_ok=True)
            except OSError as error:
                raise ModelError(f"{self.folder}: {name} cannot be removed: {error.strerror}") from error

    def _has(self, md5: str) -> bool:
        """Say whether a model is in the store; a folder that may not be looked into is an error, not an empty one."""
        try:
            return self._info_file(md5).exists()
        except OSError as error:
            raise ModelError(f"{self._info_file(md5)}: cannot be read: {error.strerror}") from error

    def _info_file(self, md5: str) -> Path:
        return self.folder / f"{md5}.json"

    def _model_file(self, md5: str) -> Path:
        return self.folder / f"{md5}.model"

    def _write(self, target: Path, data: bytes) -> None:
        """Write so that after a power cut the file is there whole or not at all."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(target)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            _sync_folder(self.folder)
        except OSError as error:
            raise ModelError(f"{target}: cannot be written: {error.strerror}") from error


def add(path: str | os.PathLike[str]) -> ModelInfo:
    """Check a model and copy it into the user's store: see `ModelStore.add`."""
    return ModelStore().add(path)


def list_models() -> tuple[ModelInfo, ...]:
    """Return the models in the user's store: see `ModelStore.list_models`."""
    return ModelStore().list_models()


def remove(name: str) -> None:
    """Take a model out of the user's store: see `ModelStore.remove`."""
    ModelStore().remove(name)


def _default_folder() -> Path:
    chosen = os.environ.get(FOLDER_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("biocore")) / "models"


def _md5(data: bytes) -> str:
    # MD5 is what NIST publishes. It tells a damaged or exchanged file from the published one.
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _read(path: Path, limit: int) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device could be read for ever
            raise ModelError(f"{path}: cannot be read: no regular file; name the model, or its info text")
        if status.st_size > limit:
            raise ModelError(f"{path}: {status.st_size} bytes; no model has more than {limit}")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error


def _is_info(path: Path) -> bool:
    """Tell the info text from the model: by the file's beginning, since people rename files."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False  # whoever reads it as a model says so
        with path.open("rb") as file:
            return not file.read(5).startswith(b"%YAML") and path.stat().st_size <= MAX_INFO_BYTES
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error


def _read_info(path: Path) -> dict[str, str]:
    """Read NIST's info text: `key = value` a line, keys in any case."""
    try:
        lines = _read(path, MAX_INFO_BYTES).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ModelError(f"{path}: neither a model in OpenCV's YAML nor an info text") from None
    found: dict[str, str] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if equals:
            found[key.strip().lower()] = value.strip()
    for key in ("path", "hash"):
        if not found.get(key):
            raise ModelError(f"{path}: no `{key.capitalize()} = ...` line; not the info text of a model")
    found["hash"] = found["hash"].lower()
    if not _MD5.fullmatch(found["hash"]):
        raise ModelError(f"{path}: `Hash` is not an MD5: {found['hash']!r}")
    return found


def _load_info(path: Path) -> ModelInfo:
    try:
        entry = json.loads(_read(path, MAX_INFO_BYTES))
        size = int(entry.pop("size"))
        info = ModelInfo(size=size, **{str(key): str(value) for key, value in entry.items()})
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ModelError(f"{path}: damaged entry of the model store; delete it and add the model again") from error
    if info.md5 != path.stem:
        raise ModelError(f"{path}: names another model ({info.md5}); delete it and add the model again")
    return info


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system lets folders be synced."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
