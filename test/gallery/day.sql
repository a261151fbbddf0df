-- A day goes by: whatever has a time is a day of the shop longer ago.
CREATE FUNCTION hand.day_before(at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE RETURN (at AT TIME ZONE 'Europe/Sofia' - interval '1 day') AT TIME ZONE 'Europe/Sofia';
BEGIN;
UPDATE shop.orders SET placed_at = hand.day_before(placed_at);
UPDATE shop.carts SET created_at = hand.day_before(created_at);
UPDATE shop.page_views SET viewed_at = hand.day_before(viewed_at);
UPDATE shop.letters SET sent_at = hand.day_before(sent_at);
UPDATE shop.subscriptions SET unsubscribed_at = hand.day_before(unsubscribed_at);
UPDATE shop.bonus_points SET expires_at = expires_at - 1;
UPDATE shop.customers SET created_at = hand.day_before(created_at), points_expire_at = points_expire_at - 1, birth_date = birth_date - 1;
UPDATE shop.customer_fields SET value = (hand.day(value) - 1)::text WHERE field = 'wedding_day' AND hand.day(value) IS NOT NULL;
COMMIT;
