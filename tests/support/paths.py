"""Where the project and the applications of the tests are."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The project's folder."""

TEMPLATE = ROOT / "template.yaml"
"""The hub's own template."""

APPS = Path(__file__).parent / "apps"
"""Applications that only tests serve."""
