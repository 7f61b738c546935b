-- The hub's role and database: the role owns that one database and nothing else. For psql, as the server's owner; the
-- password comes from a file. Sorted by bytes (C), so that an index means the same under every version of a C library.
\set password `cat "${HUB_PASSWORD_FILE:-/run/secrets/postgres-hub}"`
CREATE ROLE hub LOGIN PASSWORD :'password';
CREATE DATABASE hub OWNER hub TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
REVOKE ALL ON DATABASE hub FROM PUBLIC;
