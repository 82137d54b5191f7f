"""Commands after a loss: giving the log back what it lost, stepping over what nobody has, and going on."""
