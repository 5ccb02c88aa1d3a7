"""The version of the hub, which is also in the stack's outputs and in every log line."""

VERSION = "1.0.0"
