"""`numbering demo`: a working day of three tills, played against the running service."""
