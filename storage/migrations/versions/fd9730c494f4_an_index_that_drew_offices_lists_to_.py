"""An index that drew to itself what offices ask: they read a province's commitments of a state to find their own.

SQLite took it for an office's counts always, PostgreSQL as long as it had not seen that many were in that state.
"""

from alembic import op

revision = 'fd9730c494f4'
down_revision = 'e9a78411ce5b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_commitments_year_state', table_name='commitments')


def downgrade() -> None:
    op.create_index('ix_commitments_year_state', 'commitments', ['year', 'state'], unique=False)
