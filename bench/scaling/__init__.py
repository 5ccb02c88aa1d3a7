"""Models how a hub grows: a constant load, a crowd that connects at once, one message to a large session."""
