-- Least privilege on PostgreSQL. Run it after `liangsaibi db upgrade`, as the role that owns the tables:
--
--     psql -v ON_ERROR_STOP=1 -d liangsaibi -f deploy/roles.sql
--     psql -d liangsaibi -c '\password liangsaibi_app'
--
-- liangsaibi_app     what the running program uses: it works with rows, and makes or drops nothing; what people did
--                    it may add and read, but neither alter nor delete, except for what is added to a row once
-- liangsaibi_reader  for backups and reports: it reads
-- the owner          upgrades (`liangsaibi db upgrade`), moves and restores; nobody else needs it from day to day

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'liangsaibi_app') THEN
        CREATE ROLE liangsaibi_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'liangsaibi_reader') THEN
        CREATE ROLE liangsaibi_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
END
$$;

-- A statement that runs away, or a transaction that is forgotten, ends by itself.
ALTER ROLE liangsaibi_app SET statement_timeout = '120s';
ALTER ROLE liangsaibi_app SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE liangsaibi_reader SET default_transaction_read_only = on;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO liangsaibi_app, liangsaibi_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO liangsaibi_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO liangsaibi_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO liangsaibi_reader;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO liangsaibi_reader;

-- The tables of later versions, when the same owner makes them.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO liangsaibi_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO liangsaibi_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO liangsaibi_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON SEQUENCES TO liangsaibi_reader;

-- What people did (storage/audited.py): added, never altered.
REVOKE UPDATE, DELETE ON
    audit, changes, round_steps, score_sheets, adjustments, recusals, relations, draws, publications, objections,
    amendments, reports
    FROM liangsaibi_app;
GRANT UPDATE (undone_at) ON changes TO liangsaibi_app;
GRANT UPDATE (withdrawn_by, withdrawn_at) ON adjustments TO liangsaibi_app;
GRANT UPDATE (ended_by, ended_at) ON relations TO liangsaibi_app;
GRANT UPDATE (revealed_at) ON draws TO liangsaibi_app;
GRANT UPDATE (answer, answered_by, answered_at) ON objections TO liangsaibi_app;
GRANT UPDATE (state, decided_by, decision_reason, decided_at) ON amendments TO liangsaibi_app;
GRANT UPDATE (state, verified_by, verified_at, return_reason) ON reports TO liangsaibi_app;

-- The version of the tables is the owner's business.
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM liangsaibi_app;
