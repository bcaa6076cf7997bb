"""Who owes an own deadline, each with a row of its own.

The deadlines that there are begin unlisted, and the program lists them in steps like new ones.
"""

import sqlalchemy as sa
from alembic import op

revision = '49515fe89208'
down_revision = 'fd9730c494f4'
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'unfulfilled',
        sa.Column('deadline_id', _ID, nullable=False),
        sa.Column('unit_id', _ID, nullable=False),
        sa.ForeignKeyConstraint(['deadline_id'], ['deadlines.id'], name=op.f('fk_unfulfilled_deadline_id')),
        sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_unfulfilled_unit_id')),
        sa.PrimaryKeyConstraint('deadline_id', 'unit_id', name=op.f('pk_unfulfilled')),
    )
    op.add_column('deadlines', sa.Column('listed_to', _ID, server_default='0', nullable=False))


def downgrade() -> None:
    op.drop_column('deadlines', 'listed_to')
    op.drop_table('unfulfilled')
