"""The resources of a translated template whose conditions hold, with evaluated properties."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from local.place import HERE, Place, api_id
from local.stack.errors import WRONG_SHAPE, OnlyOnAws, TemplateError, wrong_shape
from local.stack.intrinsics import NOTHING, Resolver, as_text
from local.stack.resource_types import ARNS, ATTRIBUTES, NAMES, NOT_TRANSLATED, REQUIRED, SHAPE_NAMES, SHAPES, STORED
from local.stack.source import EVENTS
from local.stack.uses import USES

TRUE = (True, "true", "True")
"""The values that mean yes in a template."""

IMPLICIT = ("ServerlessHttpApi", "ServerlessRestApi", "ServerlessHttpApiApiGatewayDefaultStage",
            "ServerlessRestApiProdStage")  # fmt: skip
"""Resources that SAM makes of functions' events. The gateway leaves events out, but a template may refer to these."""


class Resources:
    """
    The resources of one template.

    A property is evaluated only when the gateway needs it. So a property that the gateway does not need cannot fail.
    A TemplateError from ``properties`` names the resource.

    Args:
        template: The template after SAM's translation.
        parameters: The values of all parameters.
        place: The region and the account of the resources.

    Attributes:
        notes: A note for each property that has been left out, by logical id and property.

    """

    REFS: ClassVar[dict[str, Callable[[Place, str], str]]] = {
        "AWS::SNS::Topic": ARNS["AWS::SNS::Topic"],
        "AWS::SQS::Queue": lambda place, name: f"https://sqs.{place.region}.{place.suffix}/{place.account}/{name}",
    }
    """Makes the value of ``Ref`` from the name of a resource, for the types where it is not the name."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, Any], place: Place = HERE) -> None:
        self.place = place
        self._declared: dict[str, dict[str, Any]] = template["Resources"]
        self._values: dict[str, Any] = {
            **place.pseudo_parameters,
            "AWS::NotificationARNs": [],
            **dict.fromkeys(IMPLICIT, api_id(99)),
        }
        self._values |= parameters
        apis = [name for name, resource in self._declared.items() if resource["Type"] == "AWS::ApiGatewayV2::Api"]
        self.notes: dict[tuple[str, str], str] = {}
        self._left_out = tuple(_left_out_prefixes(self._declared))
        self._values |= {name: api_id(index) for index, name in enumerate(apis)}
        self._outputs: Any = template.get("Outputs")
        self._resolver = Resolver(template, self.ref, self._attribute)

    def of_type(self, *kinds: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of these types, by logical id. The name is always among them."""
        return {name: self.properties(name) for name in self.names(*kinds)}

    def names(self, *kinds: str) -> list[str]:
        """Return the logical ids of the resources of these types whose condition holds."""
        return [name for name, each in self._declared.items() if each["Type"] in kinds and self._is_present(name)]

    def types(self) -> Iterator[tuple[str, str]]:
        """Yield the logical id and the type of every resource whose condition holds."""
        return ((name, each["Type"]) for name, each in self._declared.items() if self._is_present(name))

    def properties(self, name: str) -> dict[str, Any]:
        """
        Return the evaluated properties of one resource.

        Raises:
            OnlyOnAws: If only AWS can evaluate a property that the gateway needs.
            TemplateError: If a property is missing, has the wrong shape, or cannot be evaluated.

        """
        declared = self._declared[name]
        kind = declared["Type"]
        written = declared.get("Properties", {})
        if kind in USES:  # the other properties are not needed
            written = {key: written[key] for key in USES[kind].read.split() if key in written}
        values = {key: self._value_or_nothing(name, kind, key, value) for key, value in written.items()}
        properties = {key: value for key, value in values.items() if value is not NOTHING}
        if missing := [key for key in REQUIRED.get(kind, ()) if key not in properties]:
            raise TemplateError(f"{name} has no {' and no '.join(missing)}.", name)
        for key, shape in SHAPES.get(kind, {}).items():
            if key in properties:
                properties[key] = _shaped(properties[key], shape, key, name)
        if kind in NAMES:
            properties[NAMES[kind]] = self.physical_name(name)
        return properties

    def _value_or_nothing(self, name: str, kind: str, key: str, written: Any) -> Any:
        """Evaluate a property. In the embedded AWS, an optional one is left out if only AWS can evaluate it."""
        try:
            return self._value(name, key, written)
        except OnlyOnAws as error:
            if kind not in STORED or key in REQUIRED.get(kind, ()) or key == NAMES.get(kind):
                raise
            self.notes[name, key] = f"{error} The property {key} of {name} is left out."
            return NOTHING

    def value(self, name: str, key: str) -> Any:
        """Return an evaluated property, even if nothing here reads it. None if the resource does not have it."""
        value = self._value(name, key, {key: self.written(name).get(key)})
        return value.get(key)

    def written(self, name: str) -> Mapping[str, Any]:
        """Return the properties of one resource before they are evaluated."""
        properties: Mapping[str, Any] = self._declared[name].get("Properties", {})
        return properties

    def is_of(self, name: str, api: str) -> bool:
        """Return whether a resource is the API with this id, or belongs to it, or names no API."""
        if self._declared[name]["Type"] == "AWS::ApiGatewayV2::Api":
            return bool(self.ref(name) == api)
        owner = self.written(name).get("ApiId")
        try:
            return owner is None or bool(self._value(name, "ApiId", {"ApiId": owner}) == {"ApiId": api})
        except OnlyOnAws:
            return False

    def output(self, name: str) -> str:
        """
        Return the value of an output of the template.

        The value is empty if the template does not have the output, if its condition is false, or if the gateway cannot
        evaluate it. The gateway does not need outputs, so a mistake in one is no reason to refuse the template.

        """
        try:
            output = self._outputs[name]
            if "Condition" in output and not self._resolver.condition(output["Condition"]):
                return ""
            return as_text(self._resolver.resolve(output["Value"]))
        except (TemplateError, *WRONG_SHAPE):
            return ""

    def _value(self, name: str, key: str, written: Any) -> Any:
        try:
            return self._resolver.resolve(written)
        except TemplateError as error:
            raise type(error)(str(error), error.resource or name) from error
        except WRONG_SHAPE as error:
            raise wrong_shape(error, name, key) from error

    def physical_name(self, name: str) -> str:
        """Return the name of a resource on AWS: the name in its properties, else its logical id."""
        declared = self._declared[name]
        given = declared.get("Properties", {}).get(NAMES.get(declared["Type"], ""))
        if (named := self._resolver.resolve({"name": given}).get("name")) is not None:
            return as_text(named)
        if declared["Type"] == "AWS::S3::Bucket":
            return f"local-{name.lower()}"  # a bucket's name has no capital letters
        return f"{name}.fifo" if declared.get("Properties", {}).get("FifoQueue") in TRUE else name

    def _is_present(self, name: str) -> bool:
        condition = self._declared[name].get("Condition")
        try:
            return condition is None or self._resolver.condition(condition)
        except TemplateError as error:
            raise TemplateError(str(error), name) from error

    def ref(self, name: str) -> Any:
        """
        Return the value of ``Ref``.

        Raises:
            KeyError: If the template has no parameter and no resource of this name.

        """
        if name in self._values:
            return self._values[name]
        if self._is_left_out(name):
            return name.replace(".", "")
        declared = self._declared[name]
        if declared["Type"] in {"AWS::Lambda::Alias", "AWS::Lambda::Version"}:
            properties = declared["Properties"]
            function = self._resolver.resolve({"name": properties["FunctionName"]})["name"]
            return f"{self.place.function_arn(function.rpartition(':')[2])}:{properties.get('Name', 1)}"
        physical_name = self.physical_name(name)
        make = self.REFS.get(declared["Type"])
        return make(self.place, physical_name) if make else physical_name

    def _is_left_out(self, name: str) -> bool:
        """Return whether SAM would make a resource of this name from something that the gateway leaves out."""
        return name not in self._declared and name.startswith(self._left_out)

    def _attribute(self, name: str, attribute: str) -> Any:
        if name not in self._declared and name not in self._values and not self._is_left_out(name):
            raise TemplateError(f"The template refers to {name}.{attribute}, but it has no resource {name}.")
        kind = self._declared.get(name, {"Type": ""})["Type"]
        if attribute not in ATTRIBUTES.get(kind, (attribute,)):
            raise TemplateError(f"The template refers to {name}.{attribute}, but {name} has no attribute {attribute}.")
        if kind == "AWS::SSM::Parameter" and attribute == "Value":
            return self.properties(name)["Value"]
        if kind == "AWS::ApiGatewayV2::Api":
            api = self._values[name]
            forms = {
                "ApiEndpoint": f"wss://{self.place.execute_api_host(api)}",
                "ExecuteApiArn": self.place.arn("execute-api", api),
            }
            return forms.get(attribute, api)
        if kind == "AWS::Lambda::Version" and attribute == "Version":
            return "1"
        if kind in ARNS and attribute in {"Arn", "TopicArn"}:
            return ARNS[kind](self.place, self.physical_name(name))
        if attribute == "QueueUrl":
            return self.ref(name)
        if attribute.endswith("Name") and kind in NAMES:
            return self.physical_name(name)
        return self.place.arn("local", f"{name}/{attribute}")


def _left_out_prefixes(declared: Mapping[str, Any]) -> Iterator[str]:
    """Yield the beginnings of the names that SAM gives to resources for events and for types it does not translate."""
    for name, resource in declared.items():
        yield from (f"{name}{event}" for event in resource.get("Metadata", {}).get(EVENTS, ()))
        if NOT_TRANSLATED.match(resource["Type"]):
            yield name


def _shaped(value: Any, shape: type, key: str, name: str) -> Any:
    """Return a value in the shape of its property. CloudFormation accepts a number as text, and JSON as a mapping."""
    if shape is str and isinstance(value, bool | int | float):
        return as_text(value)
    if shape is dict and isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    if not isinstance(value, shape):
        raise TemplateError(f"The property {key} of {name} is {value!r}; it must be {SHAPE_NAMES[shape]}.", name)
    return value
