"""Takes out of log lines what must not stand there: secrets in addresses, and rows that a database error quotes."""

import re

HIDDEN = "***"
# PostgreSQL's own words repeat values, those of a document as well; what was wrong stands in the line before.
_QUOTED_BY_POSTGRES = re.compile(
    r"^(?:DETAIL|CONTEXT|LINE \d+|QUERY|STATEMENT): .*?(?=^\[SQL: |^\(Background |^The above |^During handling |\Z)",
    re.MULTILINE | re.DOTALL,
)
_PASSWORD_OF_URL = re.compile(r"(?<=://)([^\s/@:]*):[^\s/@]+(?=@)")
_SECRET_PARAMETER = re.compile(
    r"(?i)\b((?:X-Amz-)?(?:signature|credential|security-token)|AWSAccessKeyId|token|password|passwd|api_?key"
    r"|secret(?:_?key)?)(=|%3D)[^\s&'\"]+"
)
_SECRET_HEADER = re.compile(r"(?i)\b(Bearer|X-API-Key:?)\s+[^\s'\"]+")
# Also where no name stands before it: whoever puts a key into a path by mistake has it logged with the refusal.
_API_KEY = re.compile(r"(?i)\b(est_[0-9a-f]{32})_[0-9a-f]{64}")


def scrubbed(text: str) -> str:
    """Return the text without them."""
    text = _QUOTED_BY_POSTGRES.sub("", text)
    text = _PASSWORD_OF_URL.sub(rf"\1:{HIDDEN}", text)
    text = _SECRET_PARAMETER.sub(rf"\1\2{HIDDEN}", text)
    text = _SECRET_HEADER.sub(rf"\1 {HIDDEN}", text)
    return _API_KEY.sub(rf"\1_{HIDDEN}", text)
