"""Read models: each is made of the log alone, can be dropped and rebuilt, and never imports the service."""
