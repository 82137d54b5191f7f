"""What an operator sets: read once, checked whole, shown without secrets."""
