"""What MiniStack cannot make is left out of the template, and nothing else."""

from typing import Any

import pytest

from tests.support.ministack import LEFT_OUT, NOT_GIVEN, given, is_left_out, left_out_of, provisioned
from tests.support.stacks import TEMPLATE


@pytest.mark.parametrize("name", LEFT_OUT)
def test_only_resources_of_the_template_are_left_out(name: str) -> None:
    assert name in {
        key
        for kind, properties in left_out_of(TEMPLATE)
        for key in (kind, *(f"{kind}.{property_name}" for property_name in properties))
    }


def test_a_resource_is_left_out_for_its_type_or_for_a_property() -> None:
    resources: dict[str, Any] = {
        "type": {"Type": "A"},
        "property": {"Type": "B", "Properties": {"Hard": 1, "Easy": 2}},
        "without": {"Type": "B", "Properties": {"Easy": 2}},
        "other": {"Type": "AB"},
    }
    assert [name for name, resource in resources.items() if is_left_out(resource, {"A", "B.Hard"})] == [
        "type",
        "property",
    ]


def test_no_resource_waits_for_one_that_is_left_out() -> None:
    resources: dict[str, Any] = {
        "first": {"Type": "Present"},
        "second": {"Type": "Absent", "DependsOn": "first"},
        "third": {"Type": "Present", "DependsOn": "second"},
        "fourth": {"Type": "Present", "DependsOn": ["third", "second"]},
    }
    waiting = {name: resource["DependsOn"] for name, resource in provisioned(resources, {"Absent"}).items()}
    assert waiting == {"first": [], "third": [], "fourth": ["third"]}


@pytest.mark.parametrize(("kind", "name"), NOT_GIVEN)
def test_only_properties_of_the_template_are_not_given(kind: str, name: str) -> None:
    (resource,) = [resource for resource in TEMPLATE["Resources"].values() if resource["Type"] == kind]
    assert resource["Properties"].keys() - given(resource)["Properties"].keys() == {name}
