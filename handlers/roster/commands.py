"""The roster: everything that is declared in this folder."""

from handlers.roster import binding, files, groups, posts
from handlers.roster.declared import registry

__all__ = ["binding", "files", "groups", "posts", "registry"]
