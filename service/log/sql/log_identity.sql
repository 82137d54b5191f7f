-- Returns which installation this is, the history of log $1 that is in force, the ones that ended in an accepted loss,
-- and the server that answers; locks nothing.
SELECT
    i.installation_id AS installation,
    l.lineage_id AS lineage,
    ARRAY(
        SELECT g.lineage_id
        FROM log.lineage AS g
        WHERE g.log_id = $1
            AND g.ordinal < (SELECT max(a.ordinal) FROM log.lineage AS a WHERE a.log_id = $1 AND a.is_loss_accepted)
    ) AS given_up,
    l.system_identifier AS home,
    p.system_identifier AS system,
    p.timeline
FROM log.installation AS i
CROSS JOIN log.place() AS p
CROSS JOIN log.lineage AS l
WHERE l.log_id = $1
ORDER BY l.ordinal DESC
LIMIT 1;
