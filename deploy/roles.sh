#!/bin/sh
# Makes the three roles and the database on your own PostgreSQL. Run once as its superuser, with the passwords in
# OWNER_PASSWORD, SEQUENCER_PASSWORD and APP_PASSWORD; psql finds the server by the usual PG* variables.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${PGUSER:-postgres}" --dbname postgres <<'SQL'
\getenv owner OWNER_PASSWORD
\getenv sequencer SEQUENCER_PASSWORD
\getenv app APP_PASSWORD
CREATE ROLE radvigil_owner LOGIN PASSWORD :'owner';
CREATE ROLE radvigil_sequencer LOGIN PASSWORD :'sequencer';
CREATE ROLE radvigil_app LOGIN PASSWORD :'app';
CREATE DATABASE radvigil OWNER radvigil_owner;
REVOKE ALL ON DATABASE radvigil FROM PUBLIC;
GRANT CONNECT ON DATABASE radvigil TO radvigil_sequencer, radvigil_app;
SQL
