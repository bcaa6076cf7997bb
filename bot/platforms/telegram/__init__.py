"""Telegram: polling or webhook, private chats, groups and topics."""

import os

# The library warns at every 429 that pauses become timedeltas one day; we take them as such already.
os.environ.setdefault("PTB_TIMEDELTA", "true")
