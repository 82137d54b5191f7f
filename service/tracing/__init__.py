"""Spans of the service for OpenTelemetry. Only `start` may be imported where the extra `tracing` is not installed."""
