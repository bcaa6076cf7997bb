"""What Telegram's refusals mean for a message: gone for good, moved, later, or nobody knows."""

from __future__ import annotations

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.chat.errors import DeliveryError
from bot.platforms.telegram.request import MayHaveArrived
from bot.platforms.telegram.secrecy import Veil

#: A 401 or 404 may be the token's end, but as well a proxy's hiccup: ask again after so many seconds.
_TOKEN_PAUSE = 60.0


def delivery_error(error: TelegramError, veil: Veil) -> DeliveryError:
    """The refusal as delivery understands it."""
    reason = veil.hide(str(error))
    match error:
        case RetryAfter():
            return DeliveryError(reason, retry_after=error._retry_after.total_seconds())
        case ChatMigrated():
            return DeliveryError(reason, moved_to=str(error.new_chat_id))
        case Forbidden():
            return DeliveryError(_plainly(reason), permanent=True)
        case BadRequest():
            return DeliveryError(reason, permanent=True)
        case InvalidToken():
            words = f"the token, or a proxy, was refused: {reason}"
            return DeliveryError(words, retry_after=_TOKEN_PAUSE, account=True, mendable=True)
        case TimedOut() | MayHaveArrived():
            return DeliveryError(reason, ambiguous=True)
        case NetworkError():
            return DeliveryError(reason)
        case _:
            return DeliveryError(reason, permanent=True)


def says(error: TelegramError, *phrases: str) -> bool:
    """Whether the server's words contain one of the phrases."""
    said = str(error).casefold()
    return any(phrase.casefold() in said for phrase in phrases)


def _plainly(reason: str) -> str:
    if "initiate conversation" in reason:
        return f"the person has not written to the bot yet ({reason})"
    return reason
