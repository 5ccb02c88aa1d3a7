"""What a template declares: read, translated by SAM, evaluated, and put into an ``App``."""
