-- Halts log $1 for the reason $2: every append is refused with LG006 from here on.
SELECT log.halt($1, $2);
