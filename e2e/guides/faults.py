"""What may come of a block besides that it is right."""


class Wrong(Exception):
    """It is not as the document says."""


class Skipped(Exception):
    """What it would be run with is not here."""
