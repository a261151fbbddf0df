-- FoodMart as a shop from an ORM with a taste for capitals: uuid keys, quoted names, a jsonb column, an enum, baskets partitioned
-- by month, a category tree as lookups behind lookups. Baskets are moved in time so that the last one lies two days
-- back, and get a time of day: windows that end now see life whenever the test runs.
-- Expects the psql variable `data`: the folder with foodmart/.
\set ON_ERROR_STOP on
SET timezone = 'America/Los_Angeles';
BEGIN;

CREATE TEMP TABLE raw_customer (
  customer_id integer, account_num text, lname text, fname text, mi text, address1 text, address2 text, address3 text,
  address4 text, city text, state_province text, postal_code text, country text, customer_region_id integer, phone1 text,
  phone2 text, birthdate date, marital_status text, yearly_income text, gender text, total_children integer,
  num_children_at_home integer, education text, date_accnt_opened date, member_card text, occupation text, houseowner text,
  num_cars_owned integer, fullname text
) ON COMMIT DROP;
CREATE TEMP TABLE raw_product (
  product_class_id integer, product_id integer, brand_name text, product_name text, sku text, srp numeric, gross_weight float8,
  net_weight float8, recyclable_package boolean, low_fat boolean, units_per_case integer, cases_per_pallet integer,
  shelf_width float8, shelf_height float8, shelf_depth float8
) ON COMMIT DROP;
CREATE TEMP TABLE raw_class (product_class_id integer, subcategory text, category text, department text, family text) ON COMMIT DROP;
CREATE TEMP TABLE raw_region (
  region_id integer, city text, state_province text, district text, region text, country text, district_id integer
) ON COMMIT DROP;
CREATE TEMP TABLE raw_store (
  store_id integer, store_type text, region_id integer, store_name text, store_number integer, street text, city text, state text,
  postal_code text, country text, manager text, phone text, fax text, first_opened timestamp, last_remodel timestamp,
  sqft integer, grocery integer, frozen integer, meat integer, coffee_bar boolean, video_store boolean, salad_bar boolean,
  prepared_food boolean, florist boolean
) ON COMMIT DROP;
CREATE TEMP TABLE raw_time (
  time_id integer, the_date timestamp, the_day text, the_month text, the_year integer, day_of_month integer, week integer,
  month integer, quarter text, fiscal text
) ON COMMIT DROP;
CREATE TEMP TABLE raw_sales (
  id bigint GENERATED ALWAYS AS IDENTITY, product_id integer, time_id integer, customer_id integer, promotion_id integer,
  store_id integer, sales numeric, cost numeric, units numeric
) ON COMMIT DROP;

\set copy '\\copy raw_customer from program ''xz -dc ' :data '/foodmart/customer.csv.xz'' with (format csv, header)'
:copy
\set copy '\\copy raw_product from program ''xz -dc ' :data '/foodmart/product.csv.xz'' with (format csv, header)'
:copy
\set copy '\\copy raw_class from program ''xz -dc ' :data '/foodmart/product_class.csv.xz'' with (format csv, header)'
:copy
\set copy '\\copy raw_region from program ''xz -dc ' :data '/foodmart/region.csv.xz'' with (format csv, header)'
:copy
\set copy '\\copy raw_store from program ''xz -dc ' :data '/foodmart/store.csv.xz'' with (format csv, header)'
:copy
\set copy '\\copy raw_time from program ''xz -dc ' :data '/foodmart/time_by_day.csv.xz'' with (format csv, header)'
:copy
\set sales '(product_id, time_id, customer_id, promotion_id, store_id, sales, cost, units)'
\set copy '\\copy raw_sales ' :sales ' from program ''xz -dc ' :data '/foodmart/sales_fact_1997.csv.xz'' with (format csv, header)'
:copy
\set copy '\\copy raw_sales ' :sales ' from program ''xz -dc ' :data '/foodmart/sales_fact_dec_1998.csv.xz'' with (format csv, header)'
:copy

CREATE SCHEMA "FoodMart";
CREATE TYPE "FoodMart"."Card" AS ENUM ('Normal', 'Bronze', 'Silver', 'Golden');

CREATE TABLE "FoodMart"."Region" ("RegionId" integer PRIMARY KEY, "District" text NOT NULL, "Region" text NOT NULL);
INSERT INTO "FoodMart"."Region" SELECT region_id, district, region FROM raw_region;

-- "Extra" is what a form asked for and nobody typed: numbers, booleans and dates as text, keys that are absent, a number
-- spelled out ("many") where the others have a number.
CREATE TABLE "FoodMart"."Customer" (
  "CustomerId"      uuid PRIMARY KEY,
  "Name"            varchar(120) NOT NULL,
  "City"            text NOT NULL,
  "State/Province"  text NOT NULL,
  "Country"         text NOT NULL,
  "RegionId"        integer NOT NULL REFERENCES "FoodMart"."Region",
  "Gender"          char(1) NOT NULL,
  "BirthDate"       date NOT NULL,
  "Opened"          date NOT NULL,
  "Card"            "FoodMart"."Card" NOT NULL,
  "Children"        smallint NOT NULL,
  "Languages"       text[] NOT NULL,
  "Extra"           jsonb NOT NULL
);
INSERT INTO "FoodMart"."Customer"
SELECT md5('customer ' || customer_id)::uuid, fullname, city, state_province, country, customer_region_id, gender, birthdate,
       date_accnt_opened, member_card::"FoodMart"."Card", total_children,
       CASE country WHEN 'Mexico' THEN '{Español}' WHEN 'Canada' THEN '{English,Français}' ELSE '{English}' END::text[]
         || CASE WHEN lname LIKE '%ez' THEN '{español}' ELSE '{}' END::text[],
       jsonb_strip_nulls(jsonb_build_object(
         'education', education, 'occupation', occupation, 'houseowner', houseowner = 'Y', 'middle', mi,
         'cars', CASE WHEN num_cars_owned > 3 THEN to_jsonb('many'::text) ELSE to_jsonb(num_cars_owned) END,
         'income', jsonb_build_object('from', substring(yearly_income FROM '^\$([0-9]+)K')::integer,
                                      'to', substring(yearly_income FROM '- \$([0-9]+)K')::integer),
         'opened', date_accnt_opened))
FROM raw_customer;

CREATE TABLE "FoodMart"."Étiquette" (
  "Customer"  uuid NOT NULL REFERENCES "FoodMart"."Customer",
  "Texte"     text NOT NULL,
  PRIMARY KEY ("Customer", "Texte")
);
INSERT INTO "FoodMart"."Étiquette"
SELECT md5('customer ' || customer_id)::uuid, label
FROM raw_customer, LATERAL (VALUES ('VIP', member_card = 'Golden' AND num_cars_owned > 2),
                                   ('Famille nombreuse', total_children >= 4),
                                   ('Élève', education LIKE 'Partial%'),
                                   ('élève', education LIKE 'Partial College'),
                                   ('Newsletter', customer_id % 3 = 0)) AS given (label, has)
WHERE has;

CREATE TABLE "FoodMart"."Store" (
  "StoreId"   integer PRIMARY KEY,
  "Type"      text NOT NULL,
  "Name"      text NOT NULL,
  "Country"   text NOT NULL,
  "RegionId"  integer NOT NULL REFERENCES "FoodMart"."Region",
  "Sqft"      integer,
  "Florist"   boolean NOT NULL,
  "Opened"    timestamp
);
INSERT INTO "FoodMart"."Store"
SELECT store_id, store_type, store_name, country, region_id, sqft, florist, first_opened FROM raw_store;

CREATE TABLE "FoodMart"."Department" ("DepartmentId" smallint PRIMARY KEY, "Title" text NOT NULL, "Family" text NOT NULL);
INSERT INTO "FoodMart"."Department"
SELECT row_number() OVER (ORDER BY department, family), department, family FROM raw_class GROUP BY department, family;

CREATE TABLE "FoodMart"."ProductClass" (
  "ClassId"       integer PRIMARY KEY,
  "Subcategory"   text NOT NULL,
  "Category"      text NOT NULL,
  "DepartmentId"  smallint NOT NULL REFERENCES "FoodMart"."Department"
);
INSERT INTO "FoodMart"."ProductClass"
SELECT product_class_id, subcategory, category, d."DepartmentId"
FROM raw_class c JOIN "FoodMart"."Department" d ON (d."Title", d."Family") = (c.department, c.family);

CREATE TABLE "FoodMart"."Product" (
  "ProductId"  integer PRIMARY KEY,
  "ClassId"    integer NOT NULL REFERENCES "FoodMart"."ProductClass",
  "Brand"      text NOT NULL,
  "Name"       text NOT NULL,
  "Weight"     double precision NOT NULL
);
INSERT INTO "FoodMart"."Product"
SELECT product_id, product_class_id, brand_name, product_name, gross_weight FROM raw_product;

CREATE TABLE "FoodMart"."ProductLabel" ("ProductId" integer NOT NULL REFERENCES "FoodMart"."Product", "Label" text NOT NULL);
INSERT INTO "FoodMart"."ProductLabel"
SELECT product_id, label FROM raw_product, LATERAL (VALUES ('Low fat', low_fat), ('Recyclable', recyclable_package)) AS given (label, has)
WHERE has;
CREATE INDEX ON "FoodMart"."ProductLabel" ("ProductId");

-- A basket is what a customer took from one store on one day, at a minute that her number decides.
CREATE TEMP TABLE basket ON COMMIT DROP AS
SELECT md5(format('basket %s %s %s', customer_id, time_id, store_id))::uuid AS basket_id, customer_id, time_id, store_id,
       (current_date - 2 - (max(the_date) OVER ())::date + the_date::date
        + make_interval(mins => (customer_id * 37 + time_id * 11) % 1440)) AT TIME ZONE 'America/Los_Angeles' AS placed_at
FROM (SELECT DISTINCT customer_id, time_id, store_id FROM raw_sales) s JOIN raw_time t USING (time_id);

CREATE TABLE "FoodMart"."Basket" (
  "BasketId"    uuid NOT NULL,
  "CustomerId"  uuid NOT NULL REFERENCES "FoodMart"."Customer",
  "StoreId"     integer NOT NULL REFERENCES "FoodMart"."Store",
  "PlacedAt"    timestamptz NOT NULL,
  PRIMARY KEY ("BasketId", "PlacedAt")
) PARTITION BY RANGE ("PlacedAt");
SELECT format('CREATE TABLE "FoodMart".%I PARTITION OF "FoodMart"."Basket" FOR VALUES FROM (%L) TO (%L)',
              'Basket ' || to_char(month, 'YYYY-MM'), month, month + interval '1 month')
FROM basket, LATERAL date_trunc('month', placed_at) AS month GROUP BY month ORDER BY month \gexec
INSERT INTO "FoodMart"."Basket"
SELECT basket_id, md5('customer ' || customer_id)::uuid, store_id, placed_at FROM basket;
CREATE INDEX ON "FoodMart"."Basket" ("CustomerId");

CREATE TABLE "FoodMart"."BasketLine" (
  "BasketId"   uuid NOT NULL,
  "LineNo"     smallint NOT NULL,
  "ProductId"  integer NOT NULL REFERENCES "FoodMart"."Product",
  "Quantity"   numeric NOT NULL,
  "Sales"      numeric(8,4) NOT NULL,
  "Cost"       double precision NOT NULL,
  PRIMARY KEY ("BasketId", "LineNo")
);
INSERT INTO "FoodMart"."BasketLine"
SELECT basket_id, row_number() OVER (PARTITION BY basket_id ORDER BY s.id), product_id, units, sales, cost
FROM raw_sales s JOIN basket USING (customer_id, time_id, store_id);

ANALYZE;
COMMIT;
