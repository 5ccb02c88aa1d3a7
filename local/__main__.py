"""``python -m local``: see ``local.cli.command_line``."""

import signal
import sys

# While modules load, Ctrl-C ends the process without a traceback. Then the gateway handles the signal itself.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from local.cli.command_line import main  # noqa: E402 - after the line above

sys.exit(main())
