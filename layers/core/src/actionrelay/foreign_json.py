"""How JSON from each source but the callers is read.

What callers send is read strictly (``strict_json``, ADR 11). What others send is not ours to refuse: flaws are mended
where that loses nothing that counts. ADR 38 has the table of all sources.
"""

import codecs
import json
import re
from dataclasses import dataclass

from actionrelay.errors import MalformedJsonError
from actionrelay.json_text import Flaw, nesting, sound
from actionrelay.strict_json import MAX_NESTING, Json, NestingTooDeepError, parse

_KB = 1_024


@dataclass(frozen=True, slots=True)
class Reading:
    """How documents of one source are read. A byte order mark is always left out."""

    max_bytes: int
    """Longer documents are not read. This bounds the objects too: one byte makes about 45 bytes of them at worst."""
    mends: bool = True
    """Whether flaws are mended, as ``json_text.sound`` and ``decoded`` say, and the last one of equal keys counts.
    Otherwise a document with a flaw is refused."""


RESULT = Reading(5 * _KB * _KB)
"""A 2xx answer of Genesys Cloud to an execution.

Too long or nested too deep: ``completed`` with ``result_unreadable``. No JSON: it may have run.
"""
REPORT = Reading(5 * _KB * _KB)
"""An authentic webhook of Genesys Cloud.

Nested too deep: ``completed`` with ``result_unreadable``. Too long: 413. No JSON: 422.
"""
ERROR = Reading(256 * _KB)
"""An error body of Genesys Cloud. Unreadable: its status and headers say what it means."""
TOKEN = Reading(64 * _KB)
"""An answer of the login host. Unreadable: an outage, so executions wait."""
LOOK = Reading(256 * _KB)
"""What the preflight looks at on the API host. Unreadable: the check says that it is not known."""
CATALOGUE = Reading(1_024 * _KB)
"""What Genesys Cloud says about its actions.

Unreadable: it is asked for again; then the action is left out, or the catalogue stays as it was.
"""
SECRET = Reading(64 * _KB, mends=False)
"""A secret of this deployment. Unreadable: refused by name, in the log and the preflight, since a mended key would be
another key.
"""

_CHARSETS = re.compile(
    r"latin-?1|(us-)?ascii|(iso-?8859|windows|cp)-?[0-9]{1,4}|koi8-[ru]|shift[_-]jis|euc-(jp|kr)|gb(k|18030|2312)|big5",
    re.IGNORECASE,
)
"""Those that senders name. Python knows others, of which some make more than text of bytes."""
_CHARSET = re.compile(r';\s*charset="?([!-~]{1,40}?)"?\s*(;|$)', re.IGNORECASE)


class TooLongError(MalformedJsonError):
    """The document has more bytes than are read of its source."""


@dataclass(frozen=True, slots=True)
class ForeignText:
    """A sound document as text, with what was mended in it."""

    text: str
    flaws: frozenset[Flaw]


def charset_of(content_type: str) -> str | None:
    """Return the charset that a ``Content-Type`` names."""
    named = _CHARSET.search(content_type)
    return named[1] if named else None


def read(raw: bytes, reading: Reading, charset: str | None = None) -> Json:
    """Read a document into objects.

    Raises:
        MalformedJsonError: it can't be read.
    """
    if not reading.mends:
        return parse(_bounded(raw, reading).removeprefix(codecs.BOM_UTF8))
    read_back: Json = json.loads(read_text(raw, reading, charset).text)
    return read_back


def read_text(raw: bytes, reading: Reading, charset: str | None = None) -> ForeignText:
    """Read a document as text, its flaws mended; ``charset`` is what its sender said.

    Raises:
        TooLongError: more bytes than are read.
        NestingTooDeepError: nested deeper than ``MAX_NESTING``; nothing more is known of its content.
        MalformedJsonError: no JSON, flaws aside.
    """
    text, found = decoded(_bounded(raw, reading), charset)
    if text.lstrip()[:1] in {"[", "{"} and nesting(text) > MAX_NESTING:
        raise NestingTooDeepError(f"nested more than {MAX_NESTING} levels deep")
    text, mended = sound(text)
    return ForeignText(text, found | mended)


def _bounded(raw: bytes, reading: Reading) -> bytes:
    if len(raw) > reading.max_bytes:
        raise TooLongError(f"more than {reading.max_bytes} bytes")
    return raw


def decoded(raw: bytes, charset: str | None = None) -> tuple[str, frozenset[Flaw]]:
    """Decode a document, and say which flaws its bytes had.

    UTF-8 first, whatever its sender says, since RFC 8259 has nothing else; then UTF-16 or UTF-32, by its marks or its
    zeros; then the charset that its sender named. Where that is none, each byte that is no UTF-8 becomes U+FFFD.
    """
    if raw.startswith(codecs.BOM_UTF8):
        text, flaws = decoded(raw[len(codecs.BOM_UTF8) :], charset)
        return text, flaws | {Flaw.BYTE_ORDER_MARK}
    wide = json.detect_encoding(raw)
    if wide in {"utf-8", "utf-8-sig"}:
        try:
            return raw.decode(), frozenset()
        except UnicodeDecodeError:
            return _by_name(raw, charset), frozenset({Flaw.ENCODING})
    return raw.decode(wide, "replace").removeprefix("\ufeff"), frozenset({Flaw.ENCODING})


def _by_name(raw: bytes, charset: str | None) -> str:
    if charset is not None and _CHARSETS.fullmatch(charset):
        try:
            return raw.decode(charset)
        except (LookupError, UnicodeDecodeError):
            pass
    return raw.decode(errors="replace")
