"""Starting the service: one process, or all of it with servers of its own."""
