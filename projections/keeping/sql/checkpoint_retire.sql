-- Deletes the checkpoints of this copy: a transaction that waits for their lock then sees that the copy is out of use.
DELETE FROM checkpoint
