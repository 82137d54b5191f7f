-- Tells who waits for this copy's checkpoint that the copy is out of use.
DELETE FROM checkpoint
