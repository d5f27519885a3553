"""A YAML file as plain data that remembers the line of every key and entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Where = tuple[str | int, ...]
"""The way to a value: ``("nodes", "hosts", 0, "name")``."""

_NAMESPACE = "tag:yaml.org,2002:"
_ALIAS = "alias"
_LARGEST = 256 << 10
_DEEPEST = 100
_ABSENT: Any = object()


@dataclass
class Document:
    """What a file holds, where each piece stands, and what is wrong with it as YAML."""

    data: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def line(self, where: Where) -> int:
        """The line of a key or entry; of the nearest thing around it where it was not written."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def get(self, *where: str | int) -> Any:
        """The value that was written there, or None."""
        value = self.data
        for step in where:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def load(path: Path) -> Document:
    """Read a YAML file; ``data`` stays None where it is no mapping, and ``faults`` say why.

    Scalars follow YAML 1.2 (only ``true`` and ``false`` are truth values; no dates, no octal or base-60 numbers), as editors do.
    """
    document = Document()
    text = _text(path, document)
    if text is None:
        return document
    tabs = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r" *\t+[ \t]*[^\s#]", line)]
    document.faults += [(number, "indented with a tab; YAML wants spaces") for number in tabs]
    if tabs:
        text = "\n".join(re.sub(r"^[ \t]+", lambda found: found[0].replace("\t", "  "), line) for line in text.splitlines())
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        if not tabs:
            unfinished = "end of stream" in (error.problem or "")
            mark = (error.context_mark if unfinished else None) or error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            said = ", ".join(part for part in (error.context, error.problem) if part)
            document.faults.append((line, f"invalid YAML at column {column}: {said}"))
        return document
    except yaml.reader.ReaderError as error:
        document.faults.append((text.count("\n", 0, error.position) + 1, f"invalid character U+{error.character:04X}"))
        return document
    except _TooDeepError as error:
        document.faults.append((error.line, "nested too deeply"))
        return document
    if root is None:
        document.faults.append((1, "the file is empty, expected keys such as 'name: local'"))
    elif not isinstance(root, yaml.MappingNode):
        document.faults.append((root.start_mark.line + 1, "expected a mapping, that is keys such as 'name: local'"))
    else:
        document.data = _value(root, (), document)
    return document


def _text(path: Path, document: Document) -> str | None:
    raw = path.read_bytes()
    if len(raw) > _LARGEST:
        document.faults.append((1, f"larger than an inventory can be: {len(raw) >> 10} KiB"))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        document.faults.append((raw.count(b"\n", 0, error.start) + 1, f"not UTF-8: byte 0x{raw[error.start]:02x}"))
        return None


class _TooDeepError(Exception):
    """More levels than any inventory has: whoever reads on meets the end of the stack sooner or later."""

    def __init__(self, line: int) -> None:
        self.line = line


class _Loader(yaml.SafeLoader):
    """Composes nodes with their lines; a reference to an anchor becomes a node of its own kind instead of shared data."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name and shape
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        is_alias = self.check_event(yaml.AliasEvent)
        event: Any = self.get_event() if is_alias else self.peek_event()  # type: ignore[no-untyped-call]
        if is_alias:
            return yaml.ScalarNode(_ALIAS, "", event.start_mark, event.end_mark)
        if self.depth == _DEEPEST:
            raise _TooDeepError(event.start_mark.line + 1)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _plain(kind: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(_NAMESPACE + kind, re.compile(rf"^(?:{pattern})$"), [*first, ""] if kind == "null" else list(first))


_plain("null", "~|null|Null|NULL|", "~nN")
_plain("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_plain("int", "[-+]?[0-9]{1,18}", "-+0123456789")
_plain("float", r"[-+]?(?:\.[0-9]+|[0-9]{1,18}\.[0-9]*|[0-9]{1,18})(?:[eE][-+]?[0-9]{1,3})?", "-+.0123456789")

_READERS: dict[str, Callable[[str], Any]] = {
    _NAMESPACE + "null": lambda _: None,
    _NAMESPACE + "bool": lambda text: text.lower() == "true",
    _NAMESPACE + "int": int,
    _NAMESPACE + "float": float,
    _NAMESPACE + "str": str,
}


def _value(node: Any, where: Where, document: Document) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode) and node.tag == _NAMESPACE + "map":
        return _mapping(node, where, document)
    if isinstance(node, yaml.SequenceNode) and node.tag == _NAMESPACE + "seq":
        entries: list[Any] = []
        for entry in node.value:
            # A faulty entry leaves no hole: the numbers of those after it would still be those of the data.
            document.lines[(*where, len(entries))] = entry.start_mark.line + 1
            value = _value(entry, (*where, len(entries)), document)
            if value is not _ABSENT:
                entries.append(value)
        return entries
    if node.tag == _ALIAS:
        document.faults.append((line, "references (*name) are not supported, write the value again"))
        return _ABSENT
    try:
        value = _READERS[node.tag](node.value)
        if isinstance(value, str):
            value.encode()
    except KeyError:
        document.faults.append((line, f"unknown tag '{node.tag.removeprefix(_NAMESPACE)}'"))
        return _ABSENT
    except ValueError:
        document.faults.append((line, f"the value is not what its tag '{node.tag.removeprefix(_NAMESPACE)}' says"))
        return _ABSENT
    return value


def _mapping(node: Any, where: Where, document: Document) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = _value(key_node, where, document) if isinstance(key_node, yaml.ScalarNode) else None
        if key is _ABSENT:
            continue
        if not isinstance(key, str):
            seen = f", seen '{key_node.value}'; put it in quotes" if isinstance(key_node, yaml.ScalarNode) else ""
            document.faults.append((line, f"keys are text{seen}"))
            continue
        if (*where, key) in document.lines:
            document.faults.append((line, f"key '{key}' stands here a second time, first in line {document.lines[(*where, key)]}"))
            continue
        document.lines[(*where, key)] = line
        value = _value(value_node, (*where, key), document)
        if value is not _ABSENT:
            entries[key] = value
    return entries
