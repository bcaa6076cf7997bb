"""Who lacks something by index: units without a promise of their own, commitments that wait to be examined.

Until a unit promises something anew it is not certain whether it has: it is looked up as before.
"""

import sqlalchemy as sa
from alembic import op

revision = 'e9a78411ce5b'
down_revision = 'c6501d1dc8e2'
branch_labels = None
depends_on = None

_INDEXES = (
    (
        'ix_units_promised_year',
        'units',
        ['promised_year', 'id'],
        "ended_at IS NULL AND kind IN ('village', 'community')",
    ),
    (
        'ix_commitments_unsettled',
        'commitments',
        ['year', 'state', 'unit_id'],
        "(state || '') IN ('proposed', 'returned')",
    ),
)


def upgrade() -> None:
    op.add_column('units', sa.Column('promised_year', sa.Integer(), server_default='0', nullable=False))
    for name, table, columns, only in _INDEXES:
        op.create_index(
            name, table, columns, unique=False, sqlite_where=sa.text(only), postgresql_where=sa.text(only)
        )


def downgrade() -> None:
    for name, table, _columns, _only in _INDEXES:
        op.drop_index(name, table_name=table)
    op.drop_column('units', 'promised_year')
