-- Makes the database and its two logins; PostgreSQL runs this once, when it makes its data directory.
-- `numbering` prepares the database and does what an operator does. `numbering_service` is for the processes that
-- answer: it reads, appends and keeps projections, and cannot act as the owner.
\set owner_password `cat /run/secrets/database_password`
\set service_password `cat /run/secrets/service_password`

CREATE ROLE numbering_owner NOLOGIN;
CREATE ROLE numbering_writer NOLOGIN;
CREATE ROLE numbering_reader NOLOGIN;
CREATE ROLE numbering_projector NOLOGIN;

CREATE ROLE numbering LOGIN PASSWORD :'owner_password'
IN ROLE numbering_owner, numbering_writer, numbering_reader, numbering_projector;

CREATE ROLE numbering_service LOGIN PASSWORD :'service_password'
IN ROLE numbering_writer, numbering_reader, numbering_projector;

CREATE DATABASE numbering OWNER numbering;
REVOKE CONNECT ON DATABASE numbering FROM PUBLIC;
GRANT CONNECT ON DATABASE numbering TO numbering_service;
