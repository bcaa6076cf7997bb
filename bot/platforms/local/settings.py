"""How the room is served."""

from __future__ import annotations

import msgspec

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class LocalSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the room listens and what it takes.

    `port` 0 picks a free one. `trusted_hosts` are further names under which browsers may reach the room,
    without a port; requests that name any other host are refused. `max_upload_bytes` is the largest file.
    """

    host: str = "127.0.0.1"
    port: int = 8321
    max_upload_bytes: int = 20 * 1024 * 1024
    trusted_hosts: tuple[str, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """Every name that a request may give as its host, without the port."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset(name.lower() for name in (*LOOPBACK, own, *self.trusted_hosts))
