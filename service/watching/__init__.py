"""What a process learns of itself and of the parts beside it, and shows as metrics."""
