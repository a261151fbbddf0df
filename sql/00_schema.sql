-- Schema segments holds one view a segment, for people and BI tools; schema segmentation everything else.
DO $$
BEGIN
  -- Whoever owns the schema can put functions of his own beside ours.
  IF (SELECT n.nspowner FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'segmentation')
     <> (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'schema "segmentation" exists and belongs to somebody else',
      HINT = 'Drop it, or rename it; the extension makes its own.';
  END IF;
END $$;
CREATE SCHEMA segments;
GRANT USAGE ON SCHEMA segments TO PUBLIC;
