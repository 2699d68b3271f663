"""The store of model files: what is taken, what is refused and why, and what happens when a file rots."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest

from biocore import models
from biocore.errors import ModelError
from biocore.models import KNOWN_MODELS, NFIQ2_FOREST, KnownModel, ModelStore
from forest_text import Leaf, Split, forest_text

FOREST = forest_text([Split(0, 0.5, Leaf(0.0), Leaf(1.0))], 69, random.Random(1))
MD5 = hashlib.md5(FOREST, usedforsecurity=False).hexdigest()
OLD = FOREST.replace(b"ntrees: 1", b"ntrees: 01")
OLD_MD5 = hashlib.md5(OLD, usedforsecurity=False).hexdigest()
KNOWN = {MD5: KnownModel("test/1"), OLD_MD5: KnownModel("test/0", "an old release")}


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "store", KNOWN)


def supply(folder: Path, model: bytes = FOREST, md5: str = MD5) -> Path:
    """Write the two files as NIST publishes them; returns the info text."""
    (folder / "forest.yaml").write_bytes(model)
    info = folder / "forest.txt"
    info.write_text(
        "Name = Plain & rolled\nTrainer = Somebody\nDescription = a = b\nVersion = 1.0\n"
        f"Path = forest.yaml\nHash = {md5}\n"
    )
    return info


def test_known_forests_are_nists() -> None:
    taken = {md5: model.name for md5, model in KNOWN_MODELS.items() if not model.refused}
    assert taken == {"b4a1e7586b3be906f9770e4b77768038": NFIQ2_FOREST}
    assert KNOWN_MODELS["ccd75820b48c19f1645ef5e9c481c592"].refused


def test_a_model_is_added_by_its_info_text(store: ModelStore, tmp_path: Path) -> None:
    info = store.add(supply(tmp_path))
    assert (info.name, info.md5, info.size) == ("test/1", MD5, len(FOREST))
    assert (info.title, info.trainer, info.description) == ("Plain & rolled", "Somebody", "a = b")
    assert store.list_models() == (info,)
    assert store.find("test/1") == info
    assert store.read(info) == FOREST


def test_a_model_is_added_by_the_file_itself_and_twice_is_once(store: ModelStore, tmp_path: Path) -> None:
    supply(tmp_path)
    store.add(tmp_path / "forest.yaml")
    info = store.add(tmp_path / "forest.yaml")
    assert info.trainer == ""
    assert store.list_models() == (info,)


def test_the_hash_may_be_in_capitals(store: ModelStore, tmp_path: Path) -> None:
    assert store.add(supply(tmp_path, md5=MD5.upper())).md5 == MD5


def test_a_removed_model_is_gone_and_cannot_be_removed_again(store: ModelStore, tmp_path: Path) -> None:
    store.add(supply(tmp_path))
    store.remove("test/1")
    assert store.list_models() == ()
    assert store.find("test/1") is None
    assert list(store.folder.iterdir()) == []
    with pytest.raises(ModelError, match="no model 'test/1'"):
        store.remove("test/1")


def test_an_altered_model_is_refused_when_it_is_added(store: ModelStore, tmp_path: Path) -> None:
    info = supply(tmp_path, FOREST.replace(b"le", b"gt") if b"le" in FOREST else FOREST + b"\n")
    with pytest.raises(ModelError, match="altered or of another release"):
        store.add(info)
    assert store.list_models() == ()


def test_a_model_that_is_not_known_is_refused_though_its_info_text_agrees(store: ModelStore, tmp_path: Path) -> None:
    other = FOREST + b"\n"
    info = supply(tmp_path, other, hashlib.md5(other, usedforsecurity=False).hexdigest())
    with pytest.raises(ModelError, match=f"no model known here .* known: test/1 .{MD5}"):
        store.add(info)


def test_the_forest_of_an_older_release_is_refused_by_name(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="test/0: an old release"):
        store.add(supply(tmp_path, OLD, OLD_MD5))


def test_the_library_itself_takes_no_forest_but_nists(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model known here"):
        ModelStore(tmp_path / "store").add(supply(tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no `Path = ...` line"),
        ("Path = forest.yaml\n", "no `Hash = ...` line"),
        (f"Path = forest.yaml\nHash = {MD5[:-1]}\n", "not an MD5"),
        (f"Path = elsewhere.yaml\nHash = {MD5}\n", "elsewhere.yaml: cannot be read"),
        (f"Path = .\nHash = {MD5}\n", "cannot be read"),
        ("\udcff", "neither a model"),
    ],
)
def test_broken_info_texts_are_refused(store: ModelStore, tmp_path: Path, text: str, message: str) -> None:
    info = supply(tmp_path)
    info.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelError, match=message):
        store.add(info)


def test_a_missing_file_is_named(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing\.txt: cannot be read: No such file"):
        store.add(tmp_path / "nothing.txt")


@pytest.mark.parametrize("damage", [b"", FOREST[:-1], FOREST + b" "])
def test_a_model_that_rots_in_the_store_is_not_used(store: ModelStore, tmp_path: Path, damage: bytes) -> None:
    info = store.add(supply(tmp_path))
    (store.folder / f"{MD5}.model").write_bytes(damage)
    with pytest.raises(ModelError, match="altered since it was added"):
        store.read(info)


def test_a_model_whose_bytes_are_gone_is_not_used(store: ModelStore, tmp_path: Path) -> None:
    info = store.add(supply(tmp_path))
    (store.folder / f"{MD5}.model").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        store.read(info)


@pytest.mark.parametrize("entry", ["", "[]", "{}", '{"name": 3}', '{"size": "x"}', '{"size": 1, "colour": "red"}'])
def test_a_damaged_entry_is_named(store: ModelStore, tmp_path: Path, entry: str) -> None:
    store.add(supply(tmp_path))
    (store.folder / f"{MD5}.json").write_text(entry)
    with pytest.raises(ModelError, match=f"{MD5}.json: damaged entry"):
        store.list_models()


def test_an_entry_cannot_lend_its_name_to_other_bytes(store: ModelStore, tmp_path: Path) -> None:
    info = store.add(supply(tmp_path))
    path = store.folder / f"{MD5}.json"
    path.write_text(json.dumps({"name": "test/1", "md5": OLD_MD5, "size": 1}))
    with pytest.raises(ModelError, match="names another model"):
        store.find("test/1")
    path.write_text(json.dumps({"name": "better/9", "md5": MD5, "size": info.size}))
    (forged,) = store.list_models()
    with pytest.raises(ModelError, match="better/9 is no model known here"):
        store.read(forged)


def test_a_power_cut_while_adding_leaves_nothing_that_counts(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    info = supply(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut)
        with pytest.raises(KeyboardInterrupt):
            store.add(info)
    assert store.list_models() == ()
    assert list(store.folder.iterdir()) == []
    assert store.add(info).name == "test/1"


def test_a_folder_that_cannot_be_written_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="cannot be written"):
        ModelStore(tmp_path / "store", KNOWN).add(supply(tmp_path))


def test_the_folder_can_be_chosen_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOCORE_MODELS", str(tmp_path / "mine"))
    assert ModelStore().folder == tmp_path / "mine"
    assert models.list_models() == ()
    with pytest.raises(ModelError, match="no model known here"):
        models.add(supply(tmp_path))
    with pytest.raises(ModelError, match="no model"):
        models.remove(NFIQ2_FOREST)
    monkeypatch.delenv("BIOCORE_MODELS")
    assert ModelStore().folder.parts[-2:] == ("biocore", "models")
