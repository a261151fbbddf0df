-- For crowd_order.sql.
CREATE FUNCTION public.pause(microseconds bigint) RETURNS void LANGUAGE c AS '$libdir/segmentation_faults', 'segmentation_test_pause';
CREATE SEQUENCE shop.numbers START 1000000;
SELECT segmentation.refresh(ARRAY[1, 2]) \g /dev/null
