-- One district among several in one PostgreSQL: a schema and roles of its own, without rights in any other's. Run it as
-- the administrator of the database, once for each district, before its tables are made:
--
--     psql -v ON_ERROR_STOP=1 -v district=lianghe -d province -f deploy/district.sql
--     psql -d province -c '\password lianghe_owner' -c '\password lianghe_app'
--     liangsaibi db upgrade --config lianghe/owner.toml      # url = "postgresql://lianghe_owner@db/province"
--     psql -v ON_ERROR_STOP=1 -v district=lianghe -d "user=lianghe_owner dbname=province" -f deploy/roles.sql
--
-- lianghe_owner    makes and upgrades the tables, moves and restores
-- lianghe_app      what the running program uses: url = "postgresql://lianghe_app@db/province", schema = "lianghe"
-- lianghe_reader   for backups and reports: it reads
--
-- A district's name here is made of small letters, digits and _.

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', wanted)
    FROM unnest(ARRAY[:'district' || '_owner', :'district' || '_app', :'district' || '_reader']) AS wanted
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec

\set owner :district _owner
\set app :district _app
\set reader :district _reader

CREATE SCHEMA IF NOT EXISTS :"district" AUTHORIZATION :"owner";
REVOKE ALL ON SCHEMA :"district" FROM PUBLIC;
GRANT USAGE ON SCHEMA :"district" TO :"app", :"reader";
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- The schema is the role's own by whatever way it comes, also through PgBouncer, which forgets what a client asks for.
ALTER ROLE :"owner" IN DATABASE :"DBNAME" SET search_path = :"district";
ALTER ROLE :"app" IN DATABASE :"DBNAME" SET search_path = :"district";
ALTER ROLE :"reader" IN DATABASE :"DBNAME" SET search_path = :"district";
-- A statement that runs away, or a transaction that is forgotten, ends by itself.
ALTER ROLE :"app" SET statement_timeout = '120s';
ALTER ROLE :"app" SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE :"reader" SET default_transaction_read_only = on;
