"""What Romanian rules ask of numbers: the ranges of D394, and the numbering decision. See the README."""
