"""WeCom as it behaves towards programs: the API, the sender of callbacks, the AI bot's long connection.

Written from the documentation, without anything of `bot/`; `tests/platforms/test_wecom_independent.py` proves it
with the official and other clients.
"""
