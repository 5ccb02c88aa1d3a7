"""Names the properties of an API's resources that are not imitated, or not known here."""

from collections.abc import Iterator, Mapping
from typing import Any

from local.stack.resources import Resources
from local.stack.source import Source
from local.stack.uses import SETTINGS, USES, Uses

NOTHING_SAID: tuple[Any, ...] = (False, "false", "", None, [], {})
"""Values that are as good as no property."""


def unread(resources: Resources, api_id: str, source: Source) -> Iterator[str]:
    """Name the properties of one API's resources that are not imitated, or not known here."""
    for name, kind in resources.types():
        if kind in USES and resources.is_of(name, api_id):
            for said in _said(name, resources.written(name), USES[kind]):
                yield source.said(said, name)
            if kind == "AWS::ApiGatewayV2::Stage":
                for said in _of_settings(name, resources.written(name)):
                    yield source.said(said, name)


def _said(name: str, written: Mapping[str, Any], uses: Uses) -> Iterator[str]:
    for key, value in written.items():
        if key not in uses.known:
            yield f"The property {key} of {name} is not known here and does nothing."
        elif key in uses.not_imitated and value not in NOTHING_SAID:
            yield f"The {key} of {name} is not imitated: {uses.not_imitated[key]}."


def _of_settings(name: str, written: Mapping[str, Any]) -> Iterator[str]:
    every = written.get("RouteSettings")
    of_routes = every.values() if isinstance(every, dict) else ()
    for each in (written.get("DefaultRouteSettings"), *of_routes):
        if isinstance(each, dict) and not any(key.startswith("Fn::") for key in each):
            yield from _said(f"a route's settings in {name}", each, SETTINGS)
