"""Tracing is a scope: on inside it, off outside, for this thread alone, and for nothing where nobody listens."""

from __future__ import annotations

import contextvars
import threading

import numpy as np
import pytest

from biocore import trace

PICTURE = np.zeros((2, 3), np.uint8)


def test_a_picture_reaches_the_listener_as_it_is() -> None:
    seen: list[tuple[str, trace.Picture]] = []
    with trace.to(lambda name, picture: seen.append((name, picture))):
        trace.stage("a.first", PICTURE)
        trace.stage("a.second", lambda: PICTURE)
    assert [name for name, _ in seen] == ["a.first", "a.second"]
    assert all(picture is PICTURE for _, picture in seen)


def test_a_picture_that_nobody_wants_is_never_made() -> None:
    def expensive() -> trace.Picture:
        raise AssertionError("was made")

    assert not trace.active()
    trace.stage("a.first", expensive)
    with trace.to(lambda name, picture: None), pytest.raises(AssertionError, match="was made"):
        trace.stage("a.first", expensive)


def test_the_scope_ends_where_it_ends() -> None:
    seen: list[str] = []
    with trace.to(lambda name, picture: seen.append(name)):
        assert trace.active()
    assert not trace.active()
    trace.stage("a.late", PICTURE)
    assert seen == []


def test_the_scope_ends_with_an_error_too() -> None:
    with pytest.raises(KeyError), trace.to(lambda name, picture: None):
        raise KeyError
    assert not trace.active()


def test_the_innermost_listener_hears_and_the_outer_one_comes_back() -> None:
    outer: list[str] = []
    inner: list[str] = []
    with trace.to(lambda name, picture: outer.append(name)):
        trace.stage("1", PICTURE)
        with trace.to(lambda name, picture: inner.append(name)):
            trace.stage("2", PICTURE)
        trace.stage("3", PICTURE)
    assert (outer, inner) == (["1", "3"], ["2"])


def test_an_error_of_the_listener_is_not_hidden() -> None:
    def broken(name: str, picture: trace.Picture) -> None:
        raise OSError(f"disk full at {name}")

    with trace.to(broken), pytest.raises(OSError, match=r"disk full at a\.first"):
        trace.stage("a.first", PICTURE)


def test_another_thread_is_not_listened_to_unless_it_carries_the_context() -> None:
    seen: list[str] = []
    with trace.to(lambda name, picture: seen.append(name)):
        alone = threading.Thread(target=trace.stage, args=("alone", PICTURE))
        context = contextvars.copy_context()
        carried = threading.Thread(target=context.run, args=(trace.stage, "carried", PICTURE))
        for thread in (alone, carried):
            thread.start()
            thread.join()
    assert seen == ["carried"]


def test_two_threads_each_hear_their_own() -> None:
    heard: dict[str, list[str]] = {"a": [], "b": []}
    together = threading.Barrier(2)

    def work(me: str) -> None:
        with trace.to(lambda name, picture: heard[me].append(name)):
            together.wait(timeout=10)  # both scopes are open now
            for n in range(100):
                trace.stage(f"{me}.{n}", PICTURE)
            together.wait(timeout=10)

    threads = [threading.Thread(target=work, args=(me,)) for me in heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {me: [f"{me}.{n}" for n in range(100)] for me in "ab"}
