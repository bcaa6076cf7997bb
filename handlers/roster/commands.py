"""The roster: everything that is declared in this folder, in the order in which the help lists it."""

# isort: off
from handlers.roster import issuing, binding, files, groups, handover, appointing

# isort: on
from handlers.roster.declared import registry

__all__ = ["appointing", "binding", "files", "groups", "handover", "issuing", "registry"]
