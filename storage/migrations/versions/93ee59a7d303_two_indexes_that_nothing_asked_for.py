"""Two indexes that nothing asked for: every message sent and every report had to keep them up all the same."""

from alembic import op

revision = '93ee59a7d303'
down_revision = 'ea92dbbfab05'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_outbox_chat_id_platform_message_id', table_name='outbox')
    op.drop_index('ix_reports_commitment_id', table_name='reports')


def downgrade() -> None:
    op.create_index('ix_reports_commitment_id', 'reports', ['commitment_id'], unique=False)
    op.create_index(
        'ix_outbox_chat_id_platform_message_id', 'outbox', ['chat_id', 'platform_message_id'], unique=False
    )
