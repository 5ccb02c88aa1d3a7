"""Runs functions: pools of worker processes, one event at a time each, as Lambda does."""
