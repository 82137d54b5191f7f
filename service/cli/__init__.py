"""The `numbering` command, one module a group of commands; `service.__main__` puts them together."""
