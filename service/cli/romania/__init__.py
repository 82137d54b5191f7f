"""Commands for Romania: the ranges of D394, and the numbering decision."""
