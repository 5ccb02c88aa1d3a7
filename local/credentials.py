"""Credentials and AWS configuration for the gateway and its functions. A developer's own are never used."""

import os

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "localgateway", "AWS_SECRET_ACCESS_KEY": "localgateway"}
"""Obviously not real, so that no call from here can reach an account."""

NO_CONFIGURATION = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""Empty files, so that no SDK here reads a developer's profiles."""
