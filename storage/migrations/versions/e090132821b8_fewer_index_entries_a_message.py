"""fewer index entries a message"""

import sqlalchemy as sa
from alembic import op

revision = "e090132821b8"
down_revision = "b7d41c20e9aa"
branch_labels = None
depends_on = None

_SENT = sa.text("sent_at IS NOT NULL")


def upgrade() -> None:
    # Notes are forgotten in the order of their numbers; and what is not sent yet is looked for by nobody.
    op.drop_index("ix_inbox_received_at", "inbox")
    op.drop_index("ix_outbox_sent_at", "outbox")
    op.create_index("ix_outbox_sent_at", "outbox", ["sent_at"], sqlite_where=_SENT, postgresql_where=_SENT)


def downgrade() -> None:
    op.drop_index("ix_outbox_sent_at", "outbox")
    op.create_index("ix_outbox_sent_at", "outbox", ["sent_at"])
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"])
