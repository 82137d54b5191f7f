-- Creates the database the service lives in. Run once, by the single-user server, before the cluster first listens.
CREATE DATABASE numbering;
