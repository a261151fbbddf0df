\set customer random(1, 2)
SELECT public.pause(300);
INSERT INTO shop.orders VALUES (nextval('shop.numbers'), :customer, 10, 'paid', now());
