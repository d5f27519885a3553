"""Valkey is asked through the command line tool in its pod; nothing that is secret or foreign stands in an argument list."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge.apis.valkey import CLI, COMMANDS, CommandRefused, Reach, Valkey, password_hash


class Tool:
    """Answers like the tool, and remembers what it was told."""

    def __init__(self, *answers: str) -> None:
        self.answers = answers
        self.told: list[tuple[tuple[str, ...], str]] = []

    def __call__(self, argv: Sequence[str], stdin: str) -> str:
        self.told.append((tuple(argv), stdin))
        return "\n".join(self.answers) + "\n"


def test_a_command_goes_through_standard_input() -> None:
    tool = Tool('"hello"')
    assert Valkey(tool).ask("GET", "greeting") == "hello"
    assert tool.told == [(CLI, '"GET" "greeting"\n')]


def test_several_commands_share_one_connection() -> None:
    tool = Tool('"OK"', "null", "[1,0]")
    assert Valkey(tool).converse([["SET", "a", 1], ["GET", "b"], ["WAITAOF", 1, 0, 100]]) == ["OK", None, [1, 0]]
    assert len(tool.told) == 1


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(['error:"NOPERM No permissions to access a key"'], id="an error"),
        pytest.param(["NOAUTH Authentication required.", "more"], id="more lines than commands"),
        pytest.param([], id="nothing"),
    ],
)
def test_an_error_is_a_refusal_with_its_words(answers: list[str]) -> None:
    with pytest.raises(CommandRefused) as error:
        Valkey(Tool(*answers)).ask("GET", "a")
    assert not answers or error.value.seen.startswith(answers[0].removeprefix('error:"').rstrip('"'))


def test_a_user_may_use_what_begins_with_its_prefix_and_the_password_is_never_sent() -> None:
    tool = Tool('"OK"', '"OK"')
    Valkey(tool).write_user("ada", "letmein", Reach.of_prefix("ada:"))
    (_, told), *_ = tool.told
    assert "letmein" not in told
    assert f'"#{password_hash("letmein")}" "~ada:*" "&ada:*"' in told
    assert all(f'"{word}"' in told for word in COMMANDS.split())
    assert '"ACL" "SAVE"' in told


def test_a_user_of_a_product_without_a_prefix_may_use_what_its_patterns_say() -> None:
    reach = Reach(("*|1.8.3", "token|*"), ("told",))
    tool = Tool('"OK"', '"OK"')
    Valkey(tool).write_user("ada", "letmein", reach)
    assert '"~*|1.8.3" "~token|*" "&told"' in tool.told[0][1]
    assert (reach.keys, reach.channels) == ("~*|1.8.3 ~token|*", "&told")


def test_the_keys_of_a_user_who_goes_go_with_it_pattern_by_pattern() -> None:
    tool = Tool('["0",[]]')
    tool_of_acl = Tool('"OK"', '"OK"')

    def run(argv: Sequence[str], stdin: str) -> str:
        return (tool if "SCAN" in stdin else tool_of_acl)(argv, stdin)

    Valkey(run).remove_user("ada", Reach(("*|1", "a*"), ()))
    assert [stdin.split('"')[7] for _, stdin in tool.told] == ["*|1", "a*"]


def test_a_user_is_read_as_the_server_keeps_it() -> None:
    seen = {"flags": ["on", "sanitize-payload"], "passwords": ["ab"], "commands": "+@all", "keys": "~a*", "channels": "", "selectors": []}
    user = Valkey(Tool(json.dumps(seen))).user("ada")
    assert user is not None
    assert (user.is_enabled, user.password_hashes, user.keys) == (True, ("ab",), "~a*")
    assert Valkey(Tool("null")).user("nobody") is None


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])) | st.sampled_from(["a\nFLUSHALL", "\r\n", '"', "\\", "\t"]))
def test_no_word_becomes_two_words_or_two_lines(word: str) -> None:
    tool = Tool('"OK"')
    Valkey(tool).ask("SET", "key", word)
    line = tool.told[0][1]
    assert line.startswith('"SET" "key" "')
    assert line.endswith('"\n')
    inner = line.removeprefix('"SET" "key" "').removesuffix('"\n')
    assert inner.replace("\\\\", "").count('"') == inner.replace("\\\\", "").count('\\"')
    assert "\n" not in inner
    assert "\r" not in inner
