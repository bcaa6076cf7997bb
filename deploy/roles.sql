-- Least privilege on PostgreSQL. Run it after `liangsaibi db upgrade`, as the role that owns the tables:
--
--     psql -v ON_ERROR_STOP=1 -d liangsaibi -f deploy/roles.sql
--     psql -d liangsaibi -c '\password liangsaibi_app'
--
-- liangsaibi_app     what the running program uses: it works with rows, and makes or drops nothing; what people did
--                    it may add and read, but neither alter nor delete, except for what is added to a row once
-- liangsaibi_reader  for backups and reports: it reads
-- the owner          upgrades (`liangsaibi db upgrade`), moves and restores; nobody else needs it from day to day

-- For one district among several in one database (deploy/district.sql has made schema and roles), as its owner:
--
--     psql -v ON_ERROR_STOP=1 -v district=lianghe -d "user=lianghe_owner dbname=province" -f deploy/roles.sql

\if :{?district}
    \set schema :district
    \set app :district _app
    \set reader :district _reader
\else
    \set schema public
    \set app liangsaibi_app
    \set reader liangsaibi_reader
    SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', wanted)
        FROM unnest(ARRAY['liangsaibi_app', 'liangsaibi_reader']) AS wanted
        WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec
    -- A statement that runs away, or a transaction that is forgotten, ends by itself.
    ALTER ROLE liangsaibi_app SET statement_timeout = '120s';
    ALTER ROLE liangsaibi_app SET idle_in_transaction_session_timeout = '30s';
    ALTER ROLE liangsaibi_reader SET default_transaction_read_only = on;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
\endif
SET search_path = :"schema";

GRANT USAGE ON SCHEMA :"schema" TO :"app", :"reader";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA :"schema" TO :"app";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA :"schema" TO :"app";
GRANT SELECT ON ALL TABLES IN SCHEMA :"schema" TO :"reader";
GRANT SELECT ON ALL SEQUENCES IN SCHEMA :"schema" TO :"reader";

-- The tables of later versions, when the same owner makes them.
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT USAGE ON SEQUENCES TO :"app";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT ON TABLES TO :"reader";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT ON SEQUENCES TO :"reader";

-- What people did (storage/audited.py): added, never altered.
REVOKE UPDATE, DELETE ON
    audit, changes, round_steps, score_sheets, adjustments, recusals, relations, draws, publications, objections,
    amendments, reports
    FROM :"app";
GRANT UPDATE (undone_at) ON changes TO :"app";
GRANT UPDATE (withdrawn_by, withdrawn_at) ON adjustments TO :"app";
GRANT UPDATE (ended_by, ended_at) ON relations TO :"app";
GRANT UPDATE (revealed_at) ON draws TO :"app";
GRANT UPDATE (answer, answered_by, answered_at) ON objections TO :"app";
GRANT UPDATE (state, decided_by, decision_reason, decided_at) ON amendments TO :"app";
GRANT UPDATE (state, verified_by, verified_at, return_reason, corrects_id) ON reports TO :"app";

-- The version of the tables is the owner's business.
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM :"app";
