"""What goes wrong, told apart by who can do something about it."""

from __future__ import annotations

from bot.chat.messages import Button
from bot.chat.texts import Words


class UserError(Exception):
    """What a person wrote cannot be done as written; `words` says what to do instead.

    Raising it undoes what the handler did so far. `buttons` may offer the likely next steps.
    """

    def __init__(self, words: Words, *, buttons: tuple[tuple[Button, ...], ...] = ()) -> None:
        super().__init__(str(words))
        self.words = words
        self.buttons = buttons


class ConfigurationError(Exception):
    """The operator has to change a setting; the message says which and how."""


class DeliveryError(Exception):
    """A platform did not take a message.

    `permanent`: trying again is useless (the chat is gone, the person has blocked the bot). The chat is parked and
    its messages wait until it is heard of again, unless `unfit` says that only this one message cannot be taken.
    `retry_after`: the platform asks for this pause, in seconds; of this chat alone, unless `account` says that
    it refuses everything from us for so long, and a restart does not change that. Where the pause is our own
    guess, because an operator has to mend something (`mendable`), a program that starts anew tries at once.
    `moved_to`: the chat lives on under this platform id.
    `ambiguous`: the message may have arrived all the same (a time-out after sending). It is sent again to a
    person; to a group only where the platform is `Deduplicating`, else it is kept as "unknown" for people to see.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        moved_to: str | None = None,
        ambiguous: bool = False,
        account: bool = False,
        mendable: bool = False,
        unfit: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        self.moved_to = moved_to
        self.ambiguous = ambiguous
        self.account = account
        self.mendable = mendable
        self.unfit = unfit


class Unfinished(Exception):
    """As many parts of a message as were allowed are with the platform, `taken` so far; others are left."""

    def __init__(self, taken: int) -> None:
        super().__init__(f"{taken} parts are sent")
        self.taken = taken
