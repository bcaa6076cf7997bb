"""What is due by index: lights that may have changed, commitments and reports that still wait for something."""

import sqlalchemy as sa
from alembic import op

revision = 'b7d41c20e9aa'
down_revision = '5b449e24a455'
branch_labels = None
depends_on = None

_LIT = "state = 'published' AND published_at IS NOT NULL"
_OPEN = "state = 'published' AND (status IS NULL OR status <> 'done' OR kind = 'threshold')"
_WAITING = "(state || '') = 'reported'"
_INDEXES = (
    ('ix_commitments_look_on', 'commitments', ['look_on', 'id'], _LIT),
    ('ix_commitments_open', 'commitments', ['year', 'reported_quarter', 'unit_id'], _OPEN),
    ('ix_reports_waiting', 'reports', ['quarter', 'commitment_id'], _WAITING),
)


def upgrade() -> None:
    op.add_column('commitments', sa.Column('look_on', sa.Date(), server_default='2000-01-01', nullable=False))
    for name, table, columns, only in _INDEXES:
        op.create_index(
            name, table, columns, unique=False, sqlite_where=sa.text(only), postgresql_where=sa.text(only)
        )


def downgrade() -> None:
    for name, table, _columns, _only in _INDEXES:
        op.drop_index(name, table_name=table)
    op.drop_column('commitments', 'look_on')
