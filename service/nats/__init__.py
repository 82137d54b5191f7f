"""The service on NATS: the relay that shows the log's events to the world."""
