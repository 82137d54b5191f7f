"""What a terminal shows of a command: results, progress, log lines, and one sentence for a fault."""
