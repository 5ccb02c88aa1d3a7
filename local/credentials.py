"""Credentials and configuration for everything that runs here: none of a developer's own."""

import os

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "localgateway", "AWS_SECRET_ACCESS_KEY": "localgateway"}
"""Obviously not real, so that nothing here can reach an account."""

NO_CONFIGURATION = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""Empty files, so that nothing here reads a developer's profiles."""
