"""The check of a run that nobody cancels."""


def unhurried() -> None:
    pass
