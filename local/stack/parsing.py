"""Parses the text of a template, YAML or JSON, into its values and the nodes that know their lines."""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

from local.stack.errors import TemplateError

MAX_VALUES = 100_000
"""
The most values that a template may have with its YAML aliases written out.

A template of CloudFormation's largest size, 1 MB, has fewer in practice.

"""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the one written in C if installed
    """Reads short forms such as ``!Ref`` and ``!Sub`` as CloudFormation does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        """Return a mapping with text as keys, also where YAML reads a date or a number. The last equal key counts."""
        mapping = super().construct_mapping(node, deep)
        return {str(key).lower() if isinstance(key, bool) else str(key): value for key, value in mapping.items()}


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)
_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)  # a lone = is text


@dataclass(frozen=True)
class Parsed:
    """
    Attributes:
        content: The values of a template.
        node: Its root node. None: nothing has a known line.
        repeated: Each key that its mapping already has, and the line of the repetition.

    """

    content: Any
    node: yaml.Node | None
    repeated: tuple[tuple[str, int], ...]


def parse(text: str, path: Path) -> Parsed:
    """
    Parse the text of a template.

    Raises:
        TemplateError: If the template has more than ``MAX_VALUES`` values.
        yaml.YAMLError, RecursionError, ValueError: If the text is not YAML.

    """
    content = _json(text)
    if content is not None:  # YAML refuses JSON's tabs and surrogates: those are replaced to learn the lines
        node = None
        with contextlib.suppress(yaml.YAMLError):
            node = yaml.compose(re.sub(r"\\u[dD][89a-fA-F]..", "?", text.expandtabs()), _Loader)
        return Parsed(content, node, (*_duplicates(node, set()),))
    loader = _Loader(text)
    node = loader.get_single_node()
    if node and _size(node, {}) > MAX_VALUES:
        text = f"The template {path} has more than {MAX_VALUES:,} values when its YAML aliases are written out."
        raise TemplateError(text)
    repeated = (*_duplicates(node, set()),)  # before the construction, which writes the keys of << into its mapping
    return Parsed(loader.construct_document(node) if node else None, node, repeated)


def _json(text: str) -> Any:
    """Return the value of a JSON object, or None if the text is not one."""
    try:
        return json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:  # a YAML mapping may start with a brace too
        return None


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the values in a node. A value counts each time that an alias repeats it."""
    if id(node) not in known:
        known[id(node)] = 1  # ends the recursion if the node contains itself
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        members = [member for part in parts for member in (part if isinstance(part, tuple) else (part,))]
        known[id(node)] = 1 + sum(_size(member, known) for member in members)
    return known[id(node)]


def lines(document: yaml.Node | None) -> Iterator[tuple[tuple[str, str], int]]:
    """Yield the section, the name and the line of each name in a section."""
    for section, members in document.value if isinstance(document, yaml.MappingNode) else ():
        if isinstance(members, yaml.MappingNode):
            for name, _ in members.value:
                yield (str(section.value), str(name.value)), name.start_mark.line + 1


def _duplicates(node: yaml.Node | None, visited: set[int]) -> Iterator[tuple[str, int]]:
    """Yield each key that its mapping already has, and the line of the repetition."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in visited:
        return
    visited.add(id(node))
    keys: set[str] = set()
    for part in node.value:
        key, value = part if isinstance(part, tuple) else (None, part)
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys:
                yield key.value, key.start_mark.line + 1
            keys.add(key.value)
        yield from _duplicates(value, visited)
