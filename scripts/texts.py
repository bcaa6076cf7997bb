"""Keep the translation catalogues in step with the code: `python scripts/texts.py [--check]`.

Every room that shows texts has `locale/{zh_CN,en}/LC_MESSAGES/messages.po` of its own. The Chinese catalogue
fills itself (the msgid is the Chinese wording); the English one is filled by people. With `--check` nothing
is written: exit 1 and a list when a catalogue is out of date, incomplete, or lost a placeholder.
"""

from __future__ import annotations

import ast
import io
import string
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
#: What makes a text, and how many of its first arguments are the words: one, or singular and plural.
KEYWORDS = {"T": 1, "TN": 2}


def rooms() -> list[Path]:
    """The folders that own texts: `bot`, `storage`, and each feature."""
    features = sorted(p for p in (ROOT / "handlers").iterdir() if p.is_dir() and list(p.glob("*.py")))
    return [ROOT / "bot", *features]


def extract(room: Path) -> Catalog:
    """All texts of a room. Read from the syntax tree: a text within another one's values is found in any case."""
    catalogue = Catalog(fuzzy=False)
    for path in sorted(room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            words = _words(node)
            if words:
                # File names only: line numbers would change the catalogue with every edit of the code.
                catalogue.add(words if len(words) > 1 else words[0], locations=[(str(path.relative_to(ROOT)), 0)])
    return catalogue


def _words(node: ast.AST) -> tuple[str, ...]:
    """The words of a text that is made here; none where it is something else, or they are not written here."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in KEYWORDS:
        return ()
    words = node.args[: KEYWORDS[node.func.id]]
    return tuple(word.value for word in words) if all(isinstance(word, ast.Constant) for word in words) else ()


def update(room: Path, language: str) -> tuple[Path, bytes, list[str]]:
    path = room / "locale" / language / "LC_MESSAGES" / "messages.po"
    old = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as source:
            old = read_po(source, locale=language)
    new = Catalog(locale=language, project="liangsaibi", fuzzy=False, header_comment=f"# {room.name}: {language}")
    for message in extract(room):
        if not message.id:
            continue
        known = old.get(message.id)
        translated = known.string if known else ""
        if language == "zh_CN":
            count = new.num_plurals
            translated = (message.id[0],) * count if message.pluralizable else message.id
        locations = sorted({(filename, 0) for filename, _line in message.locations})
        new.add(message.id, translated or None, locations=locations)
    buffer = io.BytesIO()
    write_po(buffer, new, width=100, sort_output=True, omit_header=False, include_lineno=False)
    lines = [
        line
        for line in buffer.getvalue().splitlines(True)
        if b"-Date:" not in line and b"Generated-By" not in line
    ]
    return path, b"".join(lines), [problem for m in new if m.id for problem in problems(m, room, language)]


def problems(message: Message, room: Path, language: str) -> list[str]:
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    where = f"{room.relative_to(ROOT)} [{language}] {ids[0]!r}"
    if not all(strings):
        return [f"{where}: not translated"]
    wanted = set().union(*(placeholders(text) for text in ids))
    for text in strings:
        # A singular may say "one" instead of {count}.
        if placeholders(text) - wanted or (wanted - placeholders(text)) - {"count"}:
            return [f"{where}: placeholders differ in {text!r}"]
    return []


def placeholders(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}


def conflicts() -> list[str]:
    """Msgids that two rooms translate differently: all catalogues are one at run time, so one would win."""
    found: dict[object, dict[object, list[str]]] = {}
    for room in rooms():
        path = room / "locale" / "en" / "LC_MESSAGES" / "messages.po"
        if not path.exists():
            continue
        with path.open("rb") as source:
            for message in read_po(source, locale="en"):
                if message.id and message.string:
                    found.setdefault(message.id, {}).setdefault(message.string, []).append(room.name)
    return [f"{msgid!r} is translated differently: {texts}" for msgid, texts in found.items() if len(texts) > 1]


def main() -> int:
    check = "--check" in sys.argv[1:]
    failures: list[str] = []
    for room in rooms():
        for language in ("zh_CN", "en"):
            path, content, found = update(room, language)
            failures += found
            if check:
                if not path.exists() or path.read_bytes() != content:
                    failures.append(f"{path.relative_to(ROOT)} is out of date: run python scripts/texts.py")
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    for failure in failures + conflicts():
        print(failure)
    return 1 if check and (failures or conflicts()) else 0


if __name__ == "__main__":
    sys.exit(main())
