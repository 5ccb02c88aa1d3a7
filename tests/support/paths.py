"""Paths of the project, of its template and of the tests' applications."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The project's folder."""

TEMPLATE = ROOT / "template.yaml"
"""The hub's own template."""

APPS = Path(__file__).parent / "apps"
"""Templates and functions of applications that only tests run."""
