"""Small facts about this deployment, such as where the practice clock stands."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from storage.database import Tx, insert
from storage.tables import facts

_ONE = select(facts.c.value).where(facts.c.name == bindparam("called"))


def get(tx: Tx, name: str) -> Any:
    """The fact's JSON value; None when it is not known."""
    return tx.scalar(_ONE, {"called": name})


def put(tx: Tx, name: str, value: Any) -> None:
    """Set a fact to a JSON value."""
    statement = insert(facts, tx).values(name=name, value=value)
    tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value}))
