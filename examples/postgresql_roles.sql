-- Two roles for findme on PostgreSQL, so that what runs every day cannot change the schema:
--
--   findme_migrate  owns findme's tables and runs `findme migrate`; for the person or the job that installs a new version
--   findme_app      reads and writes rows, for every other command; no CREATE, ALTER, DROP or TRUNCATE
--
-- Run it with psql as a superuser, as often as you like; the database is made if there is none:
--
--   psql -v database=findme -f examples/postgresql_roles.sql postgres
--   findme --database postgresql://findme_migrate@db.example/findme migrate up
--   psql -v database=findme -f examples/postgresql_roles.sql postgres     # again: now the history exists, and is locked
--   findme --database postgresql://findme_app@db.example/findme event create "Summer party"
--
-- Neither role has a password yet: `\password findme_app` in psql sets one, and ~/.pgpass keeps it for findme.
-- Other names: -v migrate_role=NAME -v app_role=NAME.
--
-- In a database that a FindMe service runs on, the tables belong to the service's own role. findme_migrate may change
-- them as its member: GRANT service_role TO findme_migrate. The service keeps its rights: nothing is taken from it here
-- but what PUBLIC, everybody, could create.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?database}
\else
    \set database findme
\endif
\if :{?migrate_role}
\else
    \set migrate_role findme_migrate
\endif
\if :{?app_role}
\else
    \set app_role findme_app
\endif

SELECT format('CREATE ROLE %I LOGIN', name)
  FROM unnest(ARRAY[:'migrate_role', :'app_role']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8''', :'database')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

\connect :"database"
BEGIN;

-- PostgreSQL 15 has it so from the start; a database that was made by an older one has not.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- CREATE on the database, because `findme migrate verify` builds the schema once more beside the real one, compares the
-- two, and rolls it back.
GRANT CONNECT, CREATE ON DATABASE :"database" TO :"migrate_role";
GRANT USAGE, CREATE ON SCHEMA public TO :"migrate_role";

GRANT CONNECT ON DATABASE :"database" TO :"app_role";
GRANT USAGE ON SCHEMA public TO :"app_role";
-- What is there already, and what later steps of the schema will add.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"app_role";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO :"app_role";
ALTER DEFAULT PRIVILEGES FOR ROLE :"migrate_role" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app_role";
ALTER DEFAULT PRIVILEGES FOR ROLE :"migrate_role" IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO :"app_role";

-- The history of the schema, and what was accepted when it was adopted, are for reading: neither is for the tool that
-- works with it to say.
SELECT format('REVOKE INSERT, UPDATE, DELETE ON %I FROM %I', kept.name, :'app_role')
  FROM (VALUES ('findme_schema_history'), ('findme_schema_accepted')) AS kept (name)
 WHERE to_regclass('public.' || kept.name) IS NOT NULL
\gexec

-- The audit is only ever added to: not even the tool that writes it may change what it says.
SELECT format('REVOKE UPDATE, DELETE ON audit_log FROM %I', :'app_role')
 WHERE to_regclass('public.audit_log') IS NOT NULL
\gexec

COMMIT;
