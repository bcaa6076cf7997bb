"""A payload is measured when its button is made: Telegram takes 64 bytes, and a Chinese character has three."""

from __future__ import annotations

import pytest

from bot.chat.messages import PAYLOAD_BYTES, Button


@pytest.mark.parametrize("payload", ["", "x" * (PAYLOAD_BYTES + 1), "退" * 22])
def test_what_telegram_would_refuse_cannot_be_composed(payload: str) -> None:
    with pytest.raises(ValueError, match="button payload of"):
        Button("好", payload)


@pytest.mark.parametrize("payload", ["x", "x" * PAYLOAD_BYTES, "退" * 21])
def test_up_to_the_limit_it_can(payload: str) -> None:
    assert Button("好", payload).payload == payload
