"""Read models. Each is made from the log alone and can be dropped and rebuilt; none imports the service."""
