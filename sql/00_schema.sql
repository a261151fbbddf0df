-- Schema segments holds one view a segment, for people and BI tools; schema segmentation everything else.
DO $$
BEGIN
  -- Whoever owns the schema can put functions of his own beside ours.
  IF EXISTS (SELECT FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid = n.nspowner
             WHERE n.nspname = 'segmentation' AND r.rolname <> current_user AND NOT r.rolsuper) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'schema "segmentation" exists and belongs to somebody else',
      HINT = 'Drop it, or rename it; the extension makes its own.';
  END IF;
END $$;
CREATE SCHEMA segments;
GRANT USAGE ON SCHEMA segments TO PUBLIC;
