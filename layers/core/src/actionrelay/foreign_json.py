"""How JSON from each source is read: one table for all readers, and the reader that keeps to it.

What callers send is read strictly (ADR 11). What others send is not ours to refuse: their flaws are mended where that
loses nothing that counts, and a reader whose source sent what can't be read does what its row says.
"""

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from actionrelay.errors import MalformedJsonError
from actionrelay.json_text import Flaw, nesting, sound
from actionrelay.strict_json import MAX_NESTING, Json, NestingTooDeepError, parse


class Treatment(StrEnum):
    """What becomes of a flaw."""

    REFUSED = "refused"
    """The document can't be read."""
    DROPPED = "dropped"
    """It is left out, and nothing with it."""
    MENDED = "mended"
    """It is replaced, as ``json_text.sound`` and ``decoded`` say; all else stays as it came."""
    LAST_COUNTS = "last counts"
    """Of equal keys the last one is read; what is handed on as text keeps all of them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How documents of one source are read."""

    source: str
    max_bytes: int | None
    """More are not read; None where a setting of the deployment says how many."""
    byte_order_mark: Treatment
    encoding: Treatment
    duplicate_keys: Treatment
    not_numbers: Treatment
    huge_numbers: Treatment
    half_pairs: Treatment
    control_characters: Treatment
    objects: bool
    """Whether objects are made of it: about 45 bytes for each byte at worst, so ``max_bytes`` bounds the nodes too.
    What is handed on as text has any number of nodes and makes none."""
    unreadable: str
    """What happens to a document that can't be read."""
    max_nesting: int = MAX_NESTING

    def treatment(self, flaw: Flaw) -> Treatment:
        """Return what becomes of a flaw."""
        return Treatment(getattr(self, flaw.value))


_KB = 1_024

REQUEST = Reading(
    source="a caller's or an operator's request",
    max_bytes=None,
    byte_order_mark=Treatment.REFUSED,
    encoding=Treatment.REFUSED,
    duplicate_keys=Treatment.REFUSED,
    not_numbers=Treatment.REFUSED,
    huge_numbers=Treatment.REFUSED,
    half_pairs=Treatment.REFUSED,
    control_characters=Treatment.REFUSED,
    objects=True,
    unreadable="400 malformed_json, or 422 for nesting; nothing has changed",
)
RESULT = Reading(
    source="a 2xx answer of Genesys Cloud to an execution",
    max_bytes=5 * _KB * _KB,
    byte_order_mark=Treatment.DROPPED,
    encoding=Treatment.MENDED,
    duplicate_keys=Treatment.LAST_COUNTS,
    not_numbers=Treatment.MENDED,
    huge_numbers=Treatment.MENDED,
    half_pairs=Treatment.MENDED,
    control_characters=Treatment.MENDED,
    objects=False,
    unreadable="too long or nested too deep: completed with result_unreadable; no JSON at all: it may have run",
)
REPORT = Reading(
    source="an authentic webhook of Genesys Cloud",
    max_bytes=5 * _KB * _KB,
    byte_order_mark=Treatment.DROPPED,
    encoding=Treatment.MENDED,
    duplicate_keys=Treatment.LAST_COUNTS,
    not_numbers=Treatment.MENDED,
    huge_numbers=Treatment.MENDED,
    half_pairs=Treatment.MENDED,
    control_characters=Treatment.MENDED,
    objects=False,
    unreadable="a result nested too deep: completed with result_unreadable; too long: 413; no JSON at all: 422",
)
ERROR = Reading(
    source="an error body of Genesys Cloud",
    max_bytes=256 * _KB,
    byte_order_mark=Treatment.DROPPED,
    encoding=Treatment.MENDED,
    duplicate_keys=Treatment.LAST_COUNTS,
    not_numbers=Treatment.MENDED,
    huge_numbers=Treatment.MENDED,
    half_pairs=Treatment.MENDED,
    control_characters=Treatment.MENDED,
    objects=True,
    unreadable="status and headers alone say what it means",
)
TOKEN = Reading(
    source="an answer of the login host",
    max_bytes=64 * _KB,
    byte_order_mark=Treatment.DROPPED,
    encoding=Treatment.MENDED,
    duplicate_keys=Treatment.LAST_COUNTS,
    not_numbers=Treatment.MENDED,
    huge_numbers=Treatment.MENDED,
    half_pairs=Treatment.MENDED,
    control_characters=Treatment.MENDED,
    objects=True,
    unreadable="an outage: executions wait and then run",
)
LOOK = Reading(
    source="what the preflight looks at on the API host",
    max_bytes=256 * _KB,
    byte_order_mark=Treatment.DROPPED,
    encoding=Treatment.MENDED,
    duplicate_keys=Treatment.LAST_COUNTS,
    not_numbers=Treatment.MENDED,
    huge_numbers=Treatment.MENDED,
    half_pairs=Treatment.MENDED,
    control_characters=Treatment.MENDED,
    objects=True,
    unreadable="the check says that it is not known",
)
CATALOGUE = Reading(
    source="what Genesys Cloud says about its actions",
    max_bytes=1_024 * _KB,
    byte_order_mark=Treatment.DROPPED,
    encoding=Treatment.MENDED,
    duplicate_keys=Treatment.LAST_COUNTS,
    not_numbers=Treatment.MENDED,
    huge_numbers=Treatment.MENDED,
    half_pairs=Treatment.MENDED,
    control_characters=Treatment.MENDED,
    objects=True,
    unreadable="asked for again; then the action is left out, or the catalogue stays as it was",
)
SECRET = Reading(
    source="a secret, as somebody stored it",
    max_bytes=64 * _KB,
    byte_order_mark=Treatment.DROPPED,
    encoding=Treatment.REFUSED,
    duplicate_keys=Treatment.REFUSED,
    not_numbers=Treatment.REFUSED,
    huge_numbers=Treatment.REFUSED,
    half_pairs=Treatment.REFUSED,
    control_characters=Treatment.REFUSED,
    objects=True,
    unreadable="refused by name, in the log and the preflight: a mended key would be another key",
)

READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        "request": REQUEST,
        "result": RESULT,
        "report": REPORT,
        "error": ERROR,
        "token": TOKEN,
        "look": LOOK,
        "catalogue": CATALOGUE,
        "secret": SECRET,
    }
)
"""The table: every source of JSON that this relay did not write itself."""


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
        MalformedJsonError: it can't be read; ``reading.unreadable`` says what is to be done.
    """
    if reading is REQUEST:
        return parse(raw)
    document = read_text(raw, reading, charset)
    if reading.duplicate_keys is Treatment.REFUSED:
        return parse(document.text.encode())
    read_back: Json = json.loads(document.text)
    return read_back


def read_text(raw: bytes, reading: Reading, charset: str | None = None) -> ForeignText:
    """Read a document as text, its flaws mended where that is its source's rule; ``charset`` is what its sender said.

    Raises:
        TooLongError: more bytes than are read.
        NestingTooDeepError: brackets that nest deeper than ``max_nesting``; no more is known of what is within.
        MalformedJsonError: no JSON, or a flaw that is refused.
    """
    if reading.max_bytes is not None and len(raw) > reading.max_bytes:
        raise TooLongError(f"more than {reading.max_bytes} bytes")
    text, found = decoded(raw, charset)
    if text.lstrip()[:1] in {"[", "{"} and nesting(text) > reading.max_nesting:
        raise NestingTooDeepError(f"nested more than {reading.max_nesting} levels deep")
    text, mended = sound(text)
    flaws = found | mended
    for flaw in sorted(flaws):
        if reading.treatment(flaw) is Treatment.REFUSED:
            raise MalformedJsonError(f"it has a flaw that is not mended here: {flaw.replace('_', ' ')}")
    return ForeignText(text, flaws)


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
