"""What people answer to a card: the button's own word, or one of the many that mean the same."""

from __future__ import annotations

from bot.chat.grammar.folding import fold

_EDGES = " \t\r\n,.;:!~、"


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_YES = _words(
    "submit 提交 全部提交 好 好的 是 是的 对 对的 行 可以 嗯 确认 同意 没错 没问题 1 ok okay yes y confirm"
)
_CHANGE = _words("edit change 修改 改 改一下 更改")
_NO = _words("cancel no n 取消 不 不要 不对 算了 不用 不提了 放弃")
_OPEN = _words("public 能公开 可以公开 能公开,提交 能公开,通过 确认公开 确认能公开 确认提交 仍然提交")
_NONE = _words("none 无 没有 不定 定性")


def means_yes(answer: str) -> bool:
    """Submit, go ahead."""
    return _bare(answer) in _YES


def means_change(answer: str) -> bool:
    """Something is to be changed first."""
    return _bare(answer) in _CHANGE


def means_no(answer: str) -> bool:
    """Leave it."""
    return _bare(answer) in _NO


def means_public(answer: str) -> bool:
    """What gave pause may be shown to everybody."""
    return _bare(answer) in _OPEN


def means_none(answer: str) -> bool:
    """There is no such thing."""
    return _bare(answer) in _NONE


def _bare(answer: str) -> str:
    return fold(answer).strip(_EDGES).casefold()
