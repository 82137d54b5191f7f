-- Returns how many owners and privileges are not as the last migration noted them, those that `log.restore_privileges`
-- would put right; locks nothing.
SELECT
    (
        SELECT count(*)
        FROM log.noted_owner AS n
        INNER JOIN log.ownership AS o ON n.kind = o.kind AND n.name = o.name
        WHERE n.owner <> pg_catalog.pg_get_userbyid(o.owner)
    )
    + (
        SELECT count(*)
        FROM (SELECT * FROM log.privilege EXCEPT SELECT * FROM log.noted_privilege) AS p
        WHERE p.grantee = 'PUBLIC'
            AND EXISTS (SELECT FROM log.noted_owner AS n WHERE n.kind = p.kind AND n.name = p.name)
    )
    + (
        SELECT count(*)
        FROM (SELECT * FROM log.noted_privilege EXCEPT SELECT * FROM log.privilege) AS p
        WHERE EXISTS (SELECT FROM log.ownership AS o WHERE o.kind = p.kind AND o.name = p.name)
    ) AS wrong;
