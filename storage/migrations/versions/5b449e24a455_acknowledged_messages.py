"""What replicas have acknowledged and not committed yet lies in the database, and no more on their disks."""

import sqlalchemy as sa
from alembic import op

import storage.tables

revision = '5b449e24a455'
down_revision = '93ee59a7d303'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('spool',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('platform', sa.String(length=30), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('lane', sa.String(length=120), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('owner', sa.String(length=20), nullable=False),
    sa.Column('until', storage.tables.Moment(timezone=True), nullable=False),
    sa.Column('kept_at', storage.tables.Moment(timezone=True), nullable=False),
    sa.Column('readable', sa.Boolean(), server_default=sa.text('(true)'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_spool')),
    sa.UniqueConstraint('platform', 'name', name=op.f('uq_spool_platform_name')),
    sqlite_autoincrement=True
    )


def downgrade() -> None:
    op.drop_table('spool')
