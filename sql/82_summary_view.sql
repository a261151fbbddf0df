-- After the gate: how many customers there are is counted by the rights of their table's owner.
CREATE VIEW segmentation.segment_summary AS
SELECT s.id AS segment_id, s.name AS segment, s.kind, s.status, COALESCE(n.members, 0) AS members,
       round(COALESCE(n.members, 0)::numeric / NULLIF((SELECT segmentation._customer_total()), 0), 6) AS share,
       COALESCE(v.entered_1_day, 0) AS entered_1_day, COALESCE(v.entered_7_days, 0) AS entered_7_days,
       COALESCE(v.entered_30_days, 0) AS entered_30_days, COALESCE(v.left_1_day, 0) AS left_1_day,
       COALESCE(v.left_7_days, 0) AS left_7_days, COALESCE(v.left_30_days, 0) AS left_30_days,
       m.orders, m.revenue, m.paid_revenue, round(m.revenue / NULLIF(m.orders, 0), 4) AS average_order, m.last_order
FROM (SELECT s.id, s.name, s.kind, CASE WHEN s.archived THEN 'archived' WHEN a.segment_id IS NULL THEN s.status ELSE 'building' END AS status
      FROM segmentation.segment AS s LEFT JOIN segmentation.alteration AS a ON a.segment_id = s.id AND a.error IS NULL) AS s
LEFT JOIN segmentation.member_counts AS n ON n.segment_id = s.id
-- Grouped by what they are joined by, so that the planner leaves out what no column asks for.
LEFT JOIN (SELECT v.segment_id, max(v.entered_1_day) AS entered_1_day, max(v.entered_7_days) AS entered_7_days,
                  max(v.entered_30_days) AS entered_30_days, max(v.left_1_day) AS left_1_day, max(v.left_7_days) AS left_7_days,
                  max(v.left_30_days) AS left_30_days
           FROM segmentation._segment_moves() AS v GROUP BY v.segment_id) AS v ON v.segment_id = s.id
LEFT JOIN (SELECT m.segment_id, max(m.orders) AS orders, max(m.revenue) AS revenue, max(m.paid_revenue) AS paid_revenue,
                  max(m.last_order) AS last_order
           FROM segmentation._segment_money() AS m GROUP BY m.segment_id) AS m ON m.segment_id = s.id;
COMMENT ON VIEW segmentation.segment_summary IS
  'A row a segment, group or tag: its size, who came and went, what its members have bought. Only what a query asks for is computed. Locks: ACCESS '
  'SHARE on the tables of members; for share on the customers; for orders and money on the shop''s tables that their words read.';
COMMENT ON COLUMN segmentation.segment_summary.segment_id IS 'The id that members are stored under; a segment keeps it when it is renamed.';
COMMENT ON COLUMN segmentation.segment_summary.segment IS 'The name.';
COMMENT ON COLUMN segmentation.segment_summary.kind IS 'rule, group or tag.';
COMMENT ON COLUMN segmentation.segment_summary.status IS 'live, building while members are being written (those that are there already count), or archived: without members.';
COMMENT ON COLUMN segmentation.segment_summary.members IS 'How many members are stored: exact, without counting them.';
COMMENT ON COLUMN segmentation.segment_summary.share IS 'members as a part of all customers, from 0 to 1.';
COMMENT ON COLUMN segmentation.segment_summary.entered_1_day IS
  'Memberships that began in the last 24 hours. Whoever is in when a segment is made begins then.';
COMMENT ON COLUMN segmentation.segment_summary.entered_7_days IS 'The same in the last 7 times 24 hours.';
COMMENT ON COLUMN segmentation.segment_summary.entered_30_days IS 'The same in the last 30 times 24 hours.';
COMMENT ON COLUMN segmentation.segment_summary.left_1_day IS 'Memberships that ended in the last 24 hours.';
COMMENT ON COLUMN segmentation.segment_summary.left_7_days IS 'The same in the last 7 times 24 hours.';
COMMENT ON COLUMN segmentation.segment_summary.left_30_days IS 'The same in the last 30 times 24 hours.';
COMMENT ON COLUMN segmentation.segment_summary.orders IS
  'How many orders the members have placed: number_of_orders. This and what follows is NULL where the shop has no such word, or to who may not read what it reads.';
COMMENT ON COLUMN segmentation.segment_summary.revenue IS 'What these orders came to: sum(orders_placed.amount).';
COMMENT ON COLUMN segmentation.segment_summary.paid_revenue IS 'What the members have paid: amount_spent, else paid_total.';
COMMENT ON COLUMN segmentation.segment_summary.average_order IS 'revenue for each of orders, to four places.';
COMMENT ON COLUMN segmentation.segment_summary.last_order IS 'When a member placed an order last: the latest date of orders_placed, else last_order_date.';
