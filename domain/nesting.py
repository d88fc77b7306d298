"""How deep a JSON value may be nested: what is deeper cannot be written into answers, and no person means it."""

MAX_LEVELS = 64


def is_too_deep(value: object) -> bool:
    """Tell whether lists and objects lie within each other on more levels than that."""
    level = [value]
    for _ in range(MAX_LEVELS):
        level = [inner for outer in level for inner in _within(outer) if isinstance(inner, (dict, list))]
        if not level:
            return False
    return True


def _within(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value.values()]
    return [*value] if isinstance(value, list) else []
