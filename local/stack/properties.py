"""Notes about the properties of resources that the gateway does not imitate or does not know."""

from collections.abc import Iterator, Mapping
from typing import Any

from local.stack.resources import Resources
from local.stack.source import Source
from local.stack.uses import USES, Uses
from local.stack.uses.api import SETTINGS

NO_EFFECT: tuple[Any, ...] = (False, "false", "", None, [], {})
"""The values with which a property does the same as if it were missing."""


def not_imitated(resources: Resources, api_id: str, source: Source) -> Iterator[str]:
    """
    Yield a note for each property that the gateway does not imitate or does not know.

    It leaves out the resources of other APIs.

    """
    for name, kind in resources.types():
        if kind in USES and resources.is_of(name, api_id):
            written = resources.written(name)
            texts = [*_texts(name, written, USES[kind])]
            if kind == "AWS::ApiGatewayV2::Stage":
                texts += _texts_of_settings(name, written)
            yield from (source.note(text, name) for text in texts)


def _texts(owner: str, written: Mapping[str, Any], uses: Uses) -> Iterator[str]:
    for key, value in written.items():
        if key not in uses.known:
            yield f"The gateway does not know the property {key} of {owner}: the property does nothing."
        elif key in uses.not_imitated and value not in NO_EFFECT:
            yield f"The property {key} of {owner} is not imitated: {uses.not_imitated[key]}."


def _texts_of_settings(stage: str, written: Mapping[str, Any]) -> Iterator[str]:
    by_route = written.get("RouteSettings")
    of_routes = by_route.values() if isinstance(by_route, dict) else ()
    for settings in (written.get("DefaultRouteSettings"), *of_routes):
        if isinstance(settings, dict) and not any(key.startswith("Fn::") for key in settings):
            yield from _texts(f"a route's settings in {stage}", settings, SETTINGS)
