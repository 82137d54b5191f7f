"""The schema of the log: its migrations, what they do, and which releases may run on it."""
