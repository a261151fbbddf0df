-- Two customers who turn out to be one.
CREATE FUNCTION segmentation.merge_customers(from_customer bigint, into_customer bigint) RETURNS bigint
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_merge_customers';
CREATE FUNCTION segmentation.merge_customers(from_customer uuid, into_customer uuid) RETURNS bigint
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_merge_customers';
CREATE FUNCTION segmentation.merge_customers(from_customer text, into_customer text) RETURNS bigint
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_merge_customers';
DO $$
DECLARE
  item regprocedure;
BEGIN
  FOR item IN SELECT p.oid FROM pg_proc AS p
    WHERE p.pronamespace = 'segmentation'::regnamespace AND p.proname = 'merge_customers' LOOP
    EXECUTE format('COMMENT ON FUNCTION %s IS %L', item,
      'makes the memberships of a customer, those that go on and those that have ended, another''s, who is the same person: what '
      'overlaps or touches becomes one, since the earlier; what people said of her by hand is said of the other. Then both are judged by their rows as they are now: the shop moves '
      'its own rows itself, best before. Returns how many memberships were moved. Locks until the transaction ends: both '
      'customers'' rows of segmentation.state, in the order of their keys; waits for definitions and builds of whole segments');
  END LOOP;
END $$;
