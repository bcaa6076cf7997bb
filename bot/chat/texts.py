"""Texts that are translated where they are shown, not where they are written.

A handler answers with `T("已登记{count}项承诺", count=3)`. Which language that becomes is decided by the
chat that it is sent to, so one broadcast can reach a Chinese and an English group. Msgids are the Chinese
wording; `locale/<language>/LC_MESSAGES/messages.po` beside each room holds the translations.

Texts are never glued together from pieces: a sentence is one msgid with named placeholders.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CHINESE = "zh_CN"
ENGLISH = "en"
LANGUAGES = (CHINESE, ENGLISH)

#: What may be put into a placeholder. A list is joined as the language joins lists ("甲、乙和丙").
Value: TypeAlias = "str | int | Decimal | date | datetime | Text | Name | Mention | Sequence[Value] | None"


@dataclass(frozen=True, slots=True)
class Text:
    """One translatable text: a msgid and the values for its `{placeholders}`.

    `plural` and `count` are set by `TN` only; `count` is also available as the placeholder `{count}`.
    """

    msgid: str
    values: Mapping[str, Any] = field(default_factory=dict)
    plural: str | None = None
    count: int | None = None

    def __hash__(self) -> int:
        return hash((self.msgid, tuple(sorted(self.values)), self.plural, self.count))


@dataclass(frozen=True, slots=True)
class Name:
    """A name that differs by language and is no sentence, such as a command's: 进度 and /progress."""

    chinese: str
    english: str


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody of the roster who is called (@name), so that they notice: in a line of a message.

    Where they have no account on the platform, and wherever else a text is shown, it is the mere name.
    """

    person_id: int
    name: str


#: How a mention is written into a text.
Calling: TypeAlias = Callable[[Mention], str]


#: What a person is shown: a translatable text, a name, or words that are kept as they are (quotations).
Words: TypeAlias = "Text | Name | str"


def T(msgid: str, /, **values: Value) -> Text:
    """A translatable text; `values` fill its placeholders."""
    return Text(msgid, values)


def TN(singular: str, plural: str, count: int, /, **values: Value) -> Text:
    """A translatable text with a plural form, chosen by `count` in the language it is shown in."""
    return Text(singular, {**values, "count": count}, plural, count)


def plain_number(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros: 2, 1.5, 0.03."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Catalogues:
    """All translations, loaded once at start from the `locale` folders of the rooms."""

    def __init__(self, roots: Iterable[Path], zone: ZoneInfo) -> None:
        self._zone = zone
        self._locales = {language: Locale.parse(language) for language in LANGUAGES}
        folders = tuple(roots)
        self._translations = {language: _load(folders, language) for language in LANGUAGES}

    def show(self, words: Words, language: str, call: Calling = lambda who: who.name) -> str:
        """The words as a reader of `language` sees them. An unknown language reads Chinese."""
        if isinstance(words, str):
            return words
        if isinstance(words, Name):
            return words.english if language == ENGLISH else words.chinese
        if language not in self._translations:
            language = CHINESE
        translations = self._translations[language]
        if words.plural is not None and words.count is not None:
            template = translations.ngettext(words.msgid, words.plural, words.count)
        else:
            template = translations.gettext(words.msgid)
        if not words.values:
            return template.replace("{{", "{").replace("}}", "}") if "{{" in template else template
        return template.format(**{name: self.value(v, language, call) for name, v in words.values.items()})

    def value(self, value: Any, language: str, call: Calling = lambda who: who.name) -> str:
        """One placeholder's value in the reader's language."""
        match value:
            case Text() | Name():
                return self.show(value, language, call)
            case Mention():
                return call(value)
            case str():
                return value
            case None:
                return ""
            case Decimal():
                return plain_number(value)
            case datetime():
                pattern = "M月d日 HH:mm" if language == CHINESE else "d MMM, HH:mm"
                return format_datetime(value, pattern, tzinfo=self._zone, locale=self._locales[language])
            case date():
                pattern = "y年M月d日" if language == CHINESE else "d MMM y"
                return format_date(value, pattern, locale=self._locales[language])
            case list() | tuple():
                return self._list([self.value(item, language, call) for item in value], language)
            case _:
                return str(value)

    def _list(self, items: list[str], language: str) -> str:
        # Babel joins Chinese lists with 、 and 和; an enumeration of names reads better without the 和.
        return "、".join(items) if language == CHINESE else format_list(items, locale=self._locales[language])


def mentioned(value: Any) -> Iterator[Mention]:
    """Everybody who is called in a text or a placeholder's value."""
    match value:
        case Mention():
            yield value
        case Text():
            for inner in value.values.values():
                yield from mentioned(inner)
        case list() | tuple():
            for inner in value:
                yield from mentioned(inner)


@lru_cache(maxsize=8)
def _load(roots: tuple[Path, ...], language: str) -> gettext.GNUTranslations:
    """The rooms' catalogues of one language as one."""
    together = Catalog(locale=language)
    for root in roots:
        path = root / language / "LC_MESSAGES" / "messages.po"
        if path.exists():
            with path.open("rb") as source:
                for message in read_po(source, locale=language):
                    if message.id:
                        together.add(message.id, message.string)
    compiled = io.BytesIO()
    write_mo(compiled, together)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def to_wire(value: Any) -> Any:
    """A text or a placeholder's value as plain JSON data, so that it can be kept and shown later."""
    match value:
        case Text():
            wire: dict[str, Any] = {"t": value.msgid}
            if value.values:
                wire["v"] = {name: to_wire(v) for name, v in value.values.items()}
            if value.plural is not None:
                wire["p"], wire["n"] = value.plural, value.count
            return wire
        case Name(chinese, english):
            return {"zh": chinese, "en": english}
        case Mention(person_id, name):
            return {"who": person_id, "name": name}
        case Decimal():
            return {"d": str(value)}
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"on": value.isoformat()}
        case list() | tuple():
            return [to_wire(item) for item in value]
        case _:
            return value


def from_wire(wire: Any) -> Any:
    """The inverse of `to_wire`; lists come back as tuples."""
    match wire:
        case {"t": str(msgid)}:
            values = {name: from_wire(v) for name, v in wire.get("v", {}).items()}
            return Text(msgid, values, wire.get("p"), wire.get("n"))
        case {"zh": str(chinese), "en": str(english)}:
            return Name(chinese, english)
        case {"who": int(person_id), "name": str(name)}:
            return Mention(person_id, name)
        case {"d": str(number)}:
            return Decimal(number)
        case {"at": str(moment)}:
            return datetime.fromisoformat(moment)
        case {"on": str(day)}:
            return date.fromisoformat(day)
        case list():
            return tuple(from_wire(item) for item in wire)
        case _:
            return wire
