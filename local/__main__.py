"""``python -m local``: see ``command_line``."""

import signal
import sys

# Until the gateway handles it: no traceback for who presses Ctrl-C while modules load.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from local.cli.command_line import main  # noqa: E402 - after that

sys.exit(main())
