-- Records that migration $1 with digest $2 ran.
INSERT INTO public.numbering_migration (name, digest) VALUES ($1, $2);
