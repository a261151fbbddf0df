-- What must be after crowd_order.sql.
SELECT CASE WHEN count(*) = 0 THEN 'ok: members are right after the crowd' ELSE format('not ok: %s members are wrong', count(*)) END FROM segmentation.verify();
CREATE EXTENSION IF NOT EXISTS amcheck;
SELECT CASE WHEN count(*) = 0 THEN 'ok: the pages of the state are sound' ELSE 'not ok: ' || string_agg(msg, '; ') END FROM verify_heapam('segmentation.state');
