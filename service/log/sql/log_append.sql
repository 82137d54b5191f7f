-- Appends a batch and returns the new head; locks and raises as log.append says.
-- $3 to $15 are columns as texts: before each value stands the separator of `columns.py`.
SELECT log.append(
    $1, $2,
    (string_to_array($3, E'\x1f'))[2:],
    (string_to_array($4, E'\x1f'))[2:],
    (string_to_array($5, E'\x1f'))[2:],
    (string_to_array($6, E'\x1f'))[2:],
    (string_to_array($7, E'\x1f'))[2:],
    (string_to_array($8, E'\x1f'))[2:],
    (string_to_array($9, E'\x1f'))[2:],
    (string_to_array($10, E'\x1f'))[2:],
    (string_to_array($11, E'\x1f'))[2:],
    (string_to_array($12, E'\x1f'))[2:],
    (string_to_array($13, E'\x1f'))[2:],
    (string_to_array($14, E'\x1f'))[2:],
    (string_to_array($15, E'\x1f'))[2:],
    $16, $17, $18, $19, $20, $21
);
