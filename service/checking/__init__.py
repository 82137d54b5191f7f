"""Whether the database still holds what the service wrote: looked for by `numbering check` and by the self-check."""
