"""Changes parts of a ZIP file, and packs it again."""

import io
import zipfile
from collections.abc import Callable, Mapping


def repacked(
    data: bytes, changes: Mapping[str, Callable[[bytes], bytes]], added: Mapping[str, bytes] | None = None
) -> bytes:
    """Return a ZIP with some of its parts changed and others added. Each change must change something."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        assert changes.keys() <= set(old.namelist())
        for name in old.namelist():
            part = old.read(name)
            changed = changes.get(name, bytes)(part)
            assert name not in changes or changed != part
            new.writestr(name, changed)
        for name, part in (added or {}).items():
            new.writestr(name, part)
    return out.getvalue()
