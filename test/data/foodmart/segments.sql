CREATE TEMP VIEW everyone AS SELECT "CustomerId" AS id FROM "FoodMart"."Customer";
-- name, rule, the same by hand. The hand-written queries read these views of their own; days are the shop's.
CREATE TEMP VIEW today AS SELECT (now() AT TIME ZONE 'America/Los_Angeles')::date AS today;
CREATE TEMP VIEW customer AS
SELECT "CustomerId" AS id, "Name" AS name, "City" AS city, "State/Province" AS state, "Country" AS country, "RegionId" AS region_id,
       "BirthDate" AS born, "Opened" AS opened, "Card"::text AS card, "Gender" AS gender, "Children" AS children,
       "Languages" AS languages, "Extra" AS extra
FROM "FoodMart"."Customer";
CREATE TEMP VIEW basket AS
SELECT "BasketId" AS basket_id, "CustomerId" AS id, "PlacedAt" AS placed_at, ("PlacedAt" AT TIME ZONE 'America/Los_Angeles')::date AS day,
       s."StoreId" AS store_id, s."Type" AS store_type, s."Country" AS store_country, s."Sqft" AS sqft, s."Florist" AS florist,
       s."Opened" AS store_opened, r."Region" AS store_region
FROM "FoodMart"."Basket" JOIN "FoodMart"."Store" s USING ("StoreId") JOIN "FoodMart"."Region" r USING ("RegionId");
CREATE TEMP VIEW line AS
SELECT b.id, b.basket_id, b.placed_at, b.day, b.store_id, b.store_type, l."LineNo" AS line_no, l."Quantity" AS quantity, l."Sales" AS sales, l."Cost"::numeric AS cost,
       p."ProductId" AS product_id, p."Brand" AS brand, p."Name" AS product, p."Weight"::numeric AS weight, k."Subcategory" AS subcategory,
       k."Category" AS category, d."Title" AS department, d."Family" AS family,
       ARRAY(SELECT "Label" FROM "FoodMart"."ProductLabel" WHERE "ProductId" = p."ProductId") AS labels
FROM basket b, "FoodMart"."BasketLine" l, "FoodMart"."Product" p, "FoodMart"."ProductClass" k, "FoodMart"."Department" d
WHERE l."BasketId" = b.basket_id AND p."ProductId" = l."ProductId" AND k."ClassId" = p."ClassId" AND d."DepartmentId" = k."DepartmentId";

INSERT INTO wanted (name, rule, hand) VALUES
('gold and silver', $$ "Card" IN ('Golden', 'Silver') AND "Gender" = 'F' $$,
 $$ SELECT id FROM customer WHERE card ~ '^(Golden|Silver)$' AND gender = 'F' $$),

('the north west, but not WA', $$ region."Region" = 'North West' AND "State/Province" != 'WA' $$,
 $$ SELECT id FROM customer JOIN "FoodMart"."Region" ON "RegionId" = region_id WHERE "Region" = 'North West' AND state <> 'WA' $$),

('birthday soon', $$ anniversary("BirthDate") BETWEEN today AND +14d $$,
 $$ SELECT id FROM customer, today, generate_series(0, 1) AS next,
           LATERAL (SELECT (born + make_interval(years => (extract(year FROM today) - extract(year FROM born))::integer + next))::date AS birthday) AS b
    WHERE birthday >= today AND birthday <= today + 14 $$),

('old enough', $$ age("BirthDate") >= 75 AND NOT age("BirthDate") >= 90 $$,
 $$ SELECT id FROM customer, today WHERE born <= today - interval '75 years' AND born > today - interval '90 years' $$),

('long with us', $$ "Opened" BETWEEN 1990-06-01 AND 1990-12-31 OR ("Opened" < -30y AND "Children" > 4) $$,
 $$ SELECT id FROM customer, today
    WHERE (opened >= '1990-06-01' AND opened <= '1990-12-31') OR (children = 5 AND opened < today - interval '30 years') $$),

('supermarket lately', $$ baskets MATCHES (store."Type" = 'Supermarket', date >= -30d) $$,
 $$ SELECT b.id FROM basket b, today WHERE store_type = 'Supermarket' AND day >= today - 30 $$),

('regulars of the south', $$ baskets MATCHES (store_region."Region" IN ('South West', 'Mexico South'), count >= 6) $$,
 $$ SELECT id FROM basket WHERE store_region IN ('South West', 'Mexico South') GROUP BY id HAVING count(*) > 5 $$),

('drinkers', $$ lines MATCHES (department."Family" = 'Drink', sum("Sales") > 25) $$,
 $$ SELECT id FROM line WHERE family = 'Drink' GROUP BY id HAVING sum(sales) > 25 $$),

('wine, no meat', $$ lines MATCHES (class."Category" = 'Beer and Wine') AND lines NOT MATCHES (department."Title" = 'Meat') $$,
 $$ SELECT id FROM line WHERE category = 'Beer and Wine' EXCEPT SELECT id FROM line WHERE department = 'Meat' $$),

('pupils or very important', $$ étiquettes CONTAINS 'ÉLÈVE' AND NOT étiquettes CONTAINS ALL ('vip', 'newsletter') $$,
 $$ SELECT id FROM customer
    WHERE EXISTS (SELECT FROM "FoodMart"."Étiquette" WHERE "Customer" = id AND "Texte" LIKE '%lève')
      AND (SELECT count(*) FROM "FoodMart"."Étiquette" WHERE "Customer" = id AND "Texte" IN ('VIP', 'Newsletter')) < 2 $$),

('no label at all', $$ étiquettes IS NULL $$,
 $$ SELECT id FROM customer LEFT JOIN "FoodMart"."Étiquette" ON "Customer" = id WHERE "Customer" IS NULL $$),

('slim and not recyclable', $$ lines MATCHES (labels = 'Low fat' AND NOT labels = 'Recyclable', date > -400d, count >= 3) $$,
 $$ SELECT id FROM line, today WHERE labels @> '{Low fat}' AND NOT labels @> '{Recyclable}' AND day > today - 400
    GROUP BY id HAVING count(*) >= 3 $$),

('both stores', $$ "shopped at" CONTAINS ALL (11, 13) OR "shopped at" CONTAINS ANY (5, 9, 14) $$,
 $$ SELECT id FROM basket WHERE store_id IN (11, 13) GROUP BY id HAVING count(DISTINCT store_id) = 2
    UNION SELECT id FROM basket WHERE store_id = 5 OR store_id = 9 OR store_id = 14 $$),

('two languages', $$ "Languages" CONTAINS ALL ('english', 'ESPAÑOL') OR "Languages" CONTAINS 'français' $$,
 $$ SELECT id FROM customer WHERE languages && '{Français}' OR (languages && '{English}' AND languages && '{Español,español}') $$),

('many cars', $$ "Extra".cars >= 3 AND "Extra".houseowner $$,
 $$ SELECT id FROM customer WHERE extra @> '{"cars": 3, "houseowner": true}' $$),

('cars nobody can count', $$ "Extra".cars = 'many' OR "Extra".middle IS NULL $$,
 $$ SELECT id FROM customer WHERE extra @> '{"cars": "many"}' OR extra ->> 'middle' IS NULL $$),

('rich or a manager', $$ "Extra".income."from" >= 90 OR "Extra".occupation = 'Management' AND "Extra".income."to" IS NOT NULL $$,
 $$ SELECT id FROM customer
    WHERE (extra #>> '{income,from}')::integer IN (90, 110, 130, 150) OR (extra @> '{"occupation": "Management"}' AND extra -> 'income' ? 'to') $$),

('opened early, by the form', $$ "Extra".opened < 1990-03-01 AND "Extra".education != 'Bachelors Degree' $$,
 $$ SELECT id FROM customer WHERE extra ->> 'opened' < '1990-03-01' AND extra ->> 'opened' <> '1989-02-30' AND extra ->> 'education' <> 'Bachelors Degree' $$),

('eight months of two years', $$ baskets MATCHES (date >= -2y, months >= 7) $$,
 $$ SELECT b.id FROM basket b, today WHERE day >= today - interval '2 years' GROUP BY b.id HAVING count(DISTINCT to_char(day, 'YYYYMM')) > 6 $$),

('last month or week', $$ baskets MATCHES (date = last_month OR date = last_week, days >= 2) $$,
 $$ SELECT b.id FROM basket b, today
    WHERE date_trunc('month', day) = date_trunc('month', today) - interval '1 month' OR date_trunc('week', day) = date_trunc('week', today) - interval '7 days'
    GROUP BY b.id HAVING count(DISTINCT day) > 1 $$),

('before this year', $$ baskets MATCHES (date <= last_year, NOT date = this_quarter, count >= 6) AND baskets NOT MATCHES (date >= last_quarter) $$,
 $$ SELECT id FROM basket, today WHERE day < date_trunc('year', today) AND date_trunc('quarter', day) <> date_trunc('quarter', today)
    GROUP BY id HAVING count(*) >= 6
    EXCEPT SELECT id FROM basket, today WHERE day >= date_trunc('quarter', today) - interval '3 months' $$),

('last hundred hours', $$ baskets MATCHES (date > -100h) OR baskets MATCHES (date = -9d) $$,
 $$ SELECT id FROM basket, today WHERE placed_at > now() - interval '100 hours' OR day = today - 9 $$),

('gone for a year', $$ last_visit < -12m AND count(baskets) >= 5 $$,
 $$ SELECT id FROM basket, today GROUP BY id, today HAVING max(day) < (today - interval '12 months')::date AND count(*) >= 5 $$),

('mostly vegetables', $$ mode(lines."Category") = 'Vegetables' AND count(DISTINCT lines."Category") < 12 $$,
 $$ WITH placed AS (SELECT *, row_number() OVER (PARTITION BY id ORDER BY placed_at, basket_id, line_no) AS place FROM line)
    SELECT id FROM (SELECT DISTINCT ON (id) id, category FROM placed GROUP BY id, category ORDER BY id, count(*) DESC, max(place) DESC) AS favourite
    WHERE category = 'Vegetables' AND (SELECT count(DISTINCT category) FROM line WHERE line.id = favourite.id) < 12 $$),

('last in a florist''s', $$ last(baskets."StoreId") IN (3, 11, 15, 17) AND baskets MATCHES (store."Florist", count >= 2) $$,
 $$ SELECT id FROM (SELECT DISTINCT ON (id) id, store_id FROM basket ORDER BY id, placed_at DESC, basket_id DESC) AS latest
    WHERE store_id IN (3, 11, 15, 17) AND (SELECT count(*) FROM basket b WHERE b.id = latest.id AND florist) >= 2 $$),

('stores of unknown size', $$ baskets MATCHES (store."Sqft" IS NULL OR store."Sqft" > 35000, store."Opened" < 1980-01-01) $$,
 $$ SELECT id FROM basket WHERE coalesce(sqft, 99999) > 35000 AND store_opened < '1980-01-01' $$),

('nothing bought', $$ baskets IS NULL AND "Country" = 'USA' $$,
 $$ SELECT id FROM customer c WHERE country = 'USA' AND NOT EXISTS (SELECT FROM line WHERE line.id = c.id) $$),

('hardly anything bought', $$ lines MATCHES (sum("Sales") < 10) AND "City" CONTAINS ' ' $$,
 $$ SELECT c.id FROM customer c LEFT JOIN line l ON l.id = c.id WHERE city ~ ' ' GROUP BY c.id HAVING coalesce(sum(sales), 0) < 10 $$),

('heavy bags', $$ sum(lines.pounds) >= 1000 OR avg(lines.pounds) > 60 $$,
 $$ SELECT id FROM line GROUP BY id HAVING sum(quantity * weight) >= 1000 OR avg(quantity * weight) > 60 $$),

('worth it', $$ margin > 60 AND "margin rate" > 0.605 $$,
 $$ SELECT id FROM line GROUP BY id HAVING sum(sales) - sum(cost) > 60 AND sum(sales) - sum(cost) > 0.605 * sum(sales) $$),

('a Mc who is no Mac', $$ "Name" CONTAINS ' Mc' AND NOT "Name" ENDS WITH 'n' AND "Name" NOT STARTS WITH 'J' $$,
 $$ SELECT id FROM customer WHERE name LIKE '% Mc%' AND right(name, 1) <> 'n' AND left(name, 1) <> 'J' $$),

('one big line, many brands', $$ max(lines."Sales") > 15 AND lines MATCHES (distinct_brand >= 20, min_quantity = 2, max("Quantity") < 6) $$,
 $$ SELECT id FROM line GROUP BY id HAVING max(sales) > 15 AND count(DISTINCT brand) >= 20 AND min(quantity) = 2 AND max(quantity) <= 5 $$),

('drinkers without gold', $$ segments CONTAINS ANY ('drinkers', 'Wine, no meat') AND NOT segments CONTAINS 'gold and silver' $$,
 $$ SELECT id FROM customer WHERE NOT (card IN ('Golden', 'Silver') AND gender = 'F')
      AND (id IN (SELECT id FROM line WHERE family = 'Drink' GROUP BY id HAVING sum(sales) > 25)
           OR (id IN (SELECT id FROM line WHERE category = 'Beer and Wine') AND id NOT IN (SELECT id FROM line WHERE department = 'Meat'))) $$);
