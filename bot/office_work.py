"""What an operator does from the command line with the district's data: import, export, people and their codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.chat.errors import ConfigurationError
from bot.chat.settings import Policy
from bot.chat.texts import Text, Words
from handlers.commitments import tally, workbook
from handlers.commitments.describing import differences
from handlers.progress.corrections import corrected_below
from handlers.roster import importing, sheets
from handlers.roster import workbook as roster_workbook
from handlers.roster.codes import new_code
from handlers.roster.plan import Plan
from handlers.rounds.counting import OPENED, of_round
from handlers.rounds.spreadsheet import results_file
from storage import accounts, amendments, binding, commitments, people, rounds, units
from storage.database import Tx
from storage.people import Holder

Show = Callable[[Words], str]


def import_roster(tx: Tx, file: Path, *, complete: bool, carry_out: bool, now: datetime) -> Plan:
    """What importing the file does; carried out when wished and when all of it is good. Raises UserError."""
    plan = importing.plan(tx, sheets.read(file.name, file.read_bytes()), complete=complete)
    if carry_out and not plan.problems:
        importing.apply(tx, plan, now)
    return plan


def export_roster(tx: Tx) -> bytes:
    """The whole roster as a file that can be imported again."""
    roots = [unit.id for unit in units.roots(tx)]
    return roster_workbook.roster_file(units.subtree(tx, roots), people.posts_below(tx, roots))


def export_register(
    tx: Tx, *, year: int, heading: Text, show: Show, policy: Policy, zone: ZoneInfo, now: datetime
) -> bytes:
    """The register of all commitments of a year."""
    roots = [unit.id for unit in units.roots(tx)]
    today = now.astimezone(zone).date()
    rows = tally.judged(commitments.in_subtree(tx, roots, year=year), today, policy)
    amended = {
        commitment: [part for one in made for part in differences(one.old, one.new)]
        for commitment, made in amendments.consented(tx, roots, year=year).items()
    }
    corrected = corrected_below(tx, roots, year=year)
    name = show(heading)
    return workbook.register_file(
        rows, heading=name, show=show, amended=amended, corrected=corrected, zone=zone, now=now
    )


def export_results(tx: Tx, number: int, *, show: Show) -> bytes:
    """The results of a closed or published round. Raises ConfigurationError for any other."""
    try:
        found = rounds.get(tx, number)
    except LookupError:
        raise ConfigurationError(f"no round {number}") from None
    if found.head.state not in OPENED:
        raise ConfigurationError(
            f"round {number} is {found.head.state.value}: its scores are hidden until it is unsealed"
        )
    return results_file(of_round(tx, number), show)


def everybody(tx: Tx) -> tuple[list[Holder], set[int]]:
    """All posts, and who has tied an account."""
    holders = people.posts_below(tx, [unit.id for unit in units.roots(tx)])
    return holders, accounts.bound_people(tx, [holder.person_id for holder in holders])


def issue_code(tx: Tx, name: str, *, policy: Policy, now: datetime) -> str:
    """A fresh binding code for somebody: how the first organizer gets in. Raises ConfigurationError."""
    fits = {holder.person_id for holder in everybody(tx)[0] if holder.name == name}
    if len(fits) != 1:
        raise ConfigurationError(f"{len(fits)} people are called {name!r}; see liangsaibi people list")
    code = new_code()
    expires = now + timedelta(days=policy.binding.code_days)
    binding.issue(tx, {fits.pop(): code}, issued_by=None, now=now, expires_at=expires)
    return code
