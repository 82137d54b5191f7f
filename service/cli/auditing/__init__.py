"""Commands of auditors: reports, replay, the rules of paper, and what was read."""
