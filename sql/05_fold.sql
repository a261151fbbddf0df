-- Names are told apart without regard to case, in every database by the same rules: Unicode's root ones, as the core does.
CREATE FUNCTION segmentation._fold(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.lower(name COLLATE "und-x-icu");
