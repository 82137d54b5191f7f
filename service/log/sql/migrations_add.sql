-- Records that migration $1 with digest $2 ran, that releases from schema $3 on run with it, and the release it came with.
INSERT INTO public.numbering_migration (name, digest, runs_with, release) VALUES ($1, $2, $3, $4);
