"""Documents by a part of their name."""

from unicodedata import normalize

from sqlalchemy import ColumnElement, or_

from infrastructure.postgres.tables import documents


def has_in_name(part: str) -> ColumnElement[bool]:
    """Hold for names with this part, in any case and either Unicode form. No index helps: names are read."""
    # macOS writes "é" as two characters. To normalize each name that is read would cost ten times as much.
    forms = dict.fromkeys([normalize("NFC", part), normalize("NFD", part)])
    return or_(*(documents.c.filename.icontains(form, autoescape=True) for form in forms))
