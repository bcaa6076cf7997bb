"""What the conversations about the roster have in common: codes, groups, files sent and received."""

from __future__ import annotations

import re

from bot.chat.messages import Attachment, ChatKind, ChatRef, Inbound, Sender
from storage import accounts, binding
from tests.world import Heard, Persona, World

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")


def code_for(world: World, name: str, *, keeper: str = "周敏") -> str:
    """A fresh code for somebody, as the keeper of the roster gets it."""
    [answer] = world.personas[keeper].says(f"绑定码 {name}")
    found = CODE.search(answer)
    assert found is not None, answer
    return found.group()


def unbound(world: World, *names: str) -> None:
    """These people have no account."""
    with world.database.transaction() as tx:
        for name in names:
            binding.untie_person(tx, world.personas[name].id)


def new_group(world: World, title: str) -> None:
    """A group in which the bot is, and which is bound to no unit."""
    with world.database.transaction() as tx:
        ref = ChatRef("test", f"group:{title}", ChatKind.GROUP, f"{title}工作群")
        world.groups[title] = accounts.chat_for(tx, ref, now=world.now).id


def send_file(world: World, who: str, name: str, data: bytes, *, group: str | None = None) -> list[str]:
    """Send a file without words; the answers."""
    persona = world.personas[who]
    file = Attachment(world.files.put(data), name, "application/octet-stream", len(data))
    ref = ChatRef("test", f"private:{persona.account}", ChatKind.PRIVATE)
    if group is not None:
        ref = ChatRef("test", f"group:{group}", ChatKind.GROUP, f"{group}工作群")
    sender = Sender(persona.account, persona.name)
    world.deliver(Inbound(world.next_id(), ref, sender, "", world.now, (file,), addressed=True))
    return persona.heard(group)


def last(persona: Persona) -> Heard:
    """The newest message that the person has read."""
    return persona._buttons[persona.chat_id][-1]


def files(world: World, persona: Persona) -> dict[str, bytes]:
    """The files of the newest message, by name."""
    listed: list[tuple[str, str, str]] = last(persona).content["files"]  # type: ignore[assignment]
    return {name: world.files.get(key) for key, name, _mime in listed}
