"""Plans that are made together ask a pod, or for a Secret, once for what many of them want to know."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from converge.engine.access import asking_once
from converge.errors import Unreachable


class Asked:
    """Answers that are counted; ``trouble`` is raised by the next question."""

    def __init__(self) -> None:
        self.questions: list[Any] = []
        self.trouble: Exception | None = None

    def secret(self, *question: str) -> str:
        return self.execute(*question)

    def execute(self, *question: Any) -> str:
        self.questions.append(question)
        if trouble := self.trouble:
            self.trouble = None
            raise trouble
        return str(len(self.questions))


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def access(asked: Asked) -> Any:
    return asking_once(SimpleNamespace(secret=asked.secret, execute=asked.execute))  # type: ignore[arg-type]


def test_the_same_question_is_asked_once(access: Any, asked: Asked) -> None:
    assert [access.execute("git", "git-0/ssh", ["git-keeper", "show"], "") for _ in range(3)] == ["1", "1", "1"]
    assert len(asked.questions) == 1


def test_another_program_pod_or_input_is_another_question(access: Any) -> None:
    questions = [
        ("git", "git-0", ["show"], ""),
        ("git", "git-1", ["show"], ""),
        ("git", "git-0", ["show", "all"], ""),
        ("git", "git-0", ["show"], "a"),
    ]
    assert [access.execute(*question) for question in questions] == ["1", "2", "3", "4"]


def test_a_question_that_failed_is_asked_again(access: Any, asked: Asked) -> None:
    asked.trouble = Unreachable("git-keeper", seen="connection refused")
    with pytest.raises(Unreachable):
        access.secret("git", "git-host-key", "key")
    assert access.secret("git", "git-host-key", "key") == "2"


def test_those_who_ask_at_the_same_moment_wait_for_one_answer(asked: Asked) -> None:
    let_go = threading.Event()

    def slow(*_: Any) -> str:
        asked.questions.append(_)
        let_go.wait(60)
        return "answer"

    access = asking_once(SimpleNamespace(secret=slow, execute=slow))  # type: ignore[arg-type]
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(access.execute, "git", "git-0", ["show"], "") for _ in range(4)]
        let_go.set()
        assert [one.result() for one in answers] == ["answer"] * 4
    assert len(asked.questions) == 1


def test_who_asks_without_it_is_told_what_is_so_now(asked: Asked) -> None:
    access = SimpleNamespace(secret=asked.secret, execute=asked.execute)
    asking_once(access)  # type: ignore[arg-type]
    assert [access.secret("a", "b", "c"), access.secret("a", "b", "c")] == ["1", "2"]
