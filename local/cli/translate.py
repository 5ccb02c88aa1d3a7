"""``python -m local translate``: the CloudFormation template that SAM makes of a SAM template."""

import argparse
import json
import sys

from local.cli.output import print_result
from local.stack import notes
from local.stack.loading import translated
from local.stack.reading import read


def run(arguments: argparse.Namespace) -> int:
    """Print the template to standard output, and notes about properties that SAM does not know to standard error."""
    print_result(json.dumps(translated(arguments.template), indent=2))
    for note in notes.unknown_to_sam(read(arguments.template)):
        print(note, file=sys.stderr)
    return 0
