"""Reads JSON from sources other than callers.

Callers' JSON is read strictly (``strict_json``, ADR 11). Other senders can't be asked to fix theirs, so flaws are
mended. ADR 38 has the table of all sources.
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
    """How documents of one source are read. A byte order mark is always skipped."""

    max_bytes: int
    """Longer documents are not read. This also bounds memory: objects take up to 45 bytes for each byte of text."""
    mends: bool = True
    """Whether flaws are mended (``json_text.sound``, ``decoded``), and the last one of equal keys counts. Otherwise a
    document with a flaw is refused."""


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
"""What the preflight reads on the API host. Unreadable: the check reports that it is not known."""
CATALOGUE = Reading(1_024 * _KB)
"""What Genesys Cloud says about its actions.

Unreadable: it is requested again; then the action is left out, or the catalogue stays unchanged.
"""
SECRET = Reading(64 * _KB, mends=False)
"""A secret of this deployment. Unreadable: refused by name, in the log and the preflight, since a mended key would be
another key.
"""

_CHARSETS = re.compile(
    r"latin-?1|(us-)?ascii|(iso-?8859|windows|cp)-?[0-9]{1,4}|koi8-[ru]|shift[_-]jis|euc-(jp|kr)|gb(k|18030|2312)|big5",
    re.IGNORECASE,
)
"""Charsets that senders use. Python has more codecs, some of which don't decode to text."""
_CHARSET = re.compile(r';\s*charset="?([!-~]{1,40}?)"?\s*(;|$)', re.IGNORECASE)


class TooLongError(MalformedJsonError):
    """The document is longer than ``max_bytes`` of its source."""


@dataclass(frozen=True, slots=True)
class ForeignText:
    """A sound document as text, and the flaws that were mended."""

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
    """Read a document as text, with its flaws mended; ``charset`` is the one that its sender named.

    Raises:
        TooLongError: longer than ``max_bytes``.
        NestingTooDeepError: nested deeper than ``MAX_NESTING``; its content is not checked.
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
    """Decode a document, and return the flaws of its bytes.

    UTF-8 comes first, whatever its sender named, since RFC 8259 allows nothing else; then UTF-16 or UTF-32, by byte
    order mark or zeros; then the charset that its sender named. Without one, each invalid byte becomes U+FFFD.
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
