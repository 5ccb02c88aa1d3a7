"""A template as YAML or JSON: its values and its lines."""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

from local.stack.errors import TemplateError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # C's where there is one
    """Reads the short forms, ``!Ref`` and ``!Sub``, as CloudFormation does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        """Return a mapping whose keys are text, whatever YAML takes them for. Of two equal ones the last counts."""
        mapping = super().construct_mapping(node, deep)
        return {str(key).lower() if isinstance(key, bool) else str(key): each for key, each in mapping.items()}


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)
_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)  # a lone =, which is text


MAX_VALUES = 100_000
"""Of a template, more than CloudFormation's limit of 1 MB has room for in practice."""


def parse(text: str, path: Path) -> tuple[Any, yaml.Node | None]:
    """Return what a template has in it, and the nodes with its lines."""
    content = _json(text)
    if content is not None:  # YAML takes neither tabs nor surrogates; without its nodes, only the lines are missing
        with contextlib.suppress(yaml.YAMLError):
            return content, yaml.compose(re.sub(r"\\u[dD][89a-fA-F]..", "?", text.expandtabs()), _Loader)
        return content, None
    loader = _Loader(text)
    node = loader.get_single_node()
    if node and _size(node, {}) > MAX_VALUES:
        raise TemplateError(f"The template {path} grows beyond {MAX_VALUES:,} values, by aliases of aliases.")
    return (loader.construct_document(node) if node else None), node


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:  # it may be YAML's own notation of a mapping
        return None


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the values in a node, as often as aliases repeat them."""
    if id(node) not in known:
        known[id(node)] = 1  # in case it holds itself
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        every = [each for part in parts for each in (part if isinstance(part, tuple) else (part,))]
        known[id(node)] = 1 + sum(_size(each, known) for each in every)
    return known[id(node)]


def lines(document: yaml.Node | None) -> Iterator[tuple[tuple[str, str], int]]:
    for section, members in document.value if isinstance(document, yaml.MappingNode) else ():
        if isinstance(members, yaml.MappingNode):
            for name, _ in members.value:
                yield (str(section.value), str(name.value)), name.start_mark.line + 1


def duplicates(node: yaml.Node | None, known: set[int]) -> Iterator[tuple[str, int]]:
    """Yield each key that stands in a mapping again, and its line."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in known:
        return
    known.add(id(node))
    keys: set[str] = set()
    for part in node.value:
        key, value = part if isinstance(part, tuple) else (None, part)
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys:
                yield key.value, key.start_mark.line + 1
            keys.add(key.value)
        yield from duplicates(value, known)
