-- Changes of the shop's tables for the second round; touched says whose.
INSERT INTO touched SELECT "CustomerId" FROM "FoodMart"."Customer" WHERE "CustomerId"::text LIKE '5%';
UPDATE "FoodMart"."Customer" SET "Card" = 'Golden', "Extra" = "Extra" || '{"cars": 3, "opened": "1989-02-30"}', "Languages" = '{}',
       "RegionId" = 12, "BirthDate" = "BirthDate" + 40 WHERE "CustomerId"::text LIKE '5%';
DELETE FROM "FoodMart"."Étiquette" WHERE "Customer"::text LIKE '5%' AND "Texte" LIKE '%l%';
INSERT INTO touched SELECT "CustomerId" FROM "FoodMart"."Basket" WHERE "BasketId"::text LIKE 'a%';
UPDATE "FoodMart"."Basket" SET "StoreId" = 17, "PlacedAt" = "PlacedAt" - interval '3 days 5 hours'
WHERE "BasketId"::text LIKE 'a%' AND "PlacedAt" > now() - interval '15 days';
UPDATE "FoodMart"."BasketLine" SET "Sales" = "Sales" * 2, "ProductId" = 675 WHERE "BasketId"::text LIKE 'a%' AND "LineNo" = 2;
-- A basket changes hands: both sides are touched.
INSERT INTO touched SELECT "CustomerId" FROM "FoodMart"."Basket" WHERE "BasketId"::text LIKE 'b%';
INSERT INTO touched SELECT max("CustomerId"::text) FROM "FoodMart"."Customer";
UPDATE "FoodMart"."Basket" SET "CustomerId" = (SELECT max("CustomerId"::text)::uuid FROM "FoodMart"."Customer") WHERE "BasketId"::text LIKE 'b%';
