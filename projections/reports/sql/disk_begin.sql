-- SQLite: begins the one transaction of the file, which never ends: so nothing is written before it must be.
BEGIN EXCLUSIVE
