-- Everything about this shop needs quotes, and most facts lie one or two lookups away.
SELECT segmentation.bind_customers('"FoodMart"."Customer"', timezone => 'America/Los_Angeles');
SELECT segmentation.bind_lookup('region', '"FoodMart"."Region"', of => 'customers', key => 'RegionId');
SELECT segmentation.bind_set('étiquettes', '"FoodMart"."Étiquette"', key => 'Customer', value => 'Texte');
SELECT segmentation.bind_source('baskets', '"FoodMart"."Basket"', key => 'CustomerId', date => 'PlacedAt');
SELECT segmentation.bind_set('shopped at', '"FoodMart"."Basket"', key => 'CustomerId', value => 'StoreId');
SELECT segmentation.bind_lookup('store', '"FoodMart"."Store"', of => 'baskets', key => 'StoreId');
SELECT segmentation.bind_lookup('store_region', '"FoodMart"."Region"', of => 'store', key => 'RegionId');
SELECT segmentation.bind_source('lines', '"FoodMart"."BasketLine"', key => 'BasketId', of => 'baskets', of_key => 'BasketId');
SELECT segmentation.bind_lookup('product', '"FoodMart"."Product"', of => 'lines', key => 'ProductId');
SELECT segmentation.bind_set('labels', '"FoodMart"."ProductLabel"', key => 'ProductId', value => 'Label', of => 'product');
SELECT segmentation.bind_lookup('class', '"FoodMart"."ProductClass"', of => 'product', key => 'ClassId');
SELECT segmentation.bind_lookup('department', '"FoodMart"."Department"', of => 'class', key => 'DepartmentId');
SELECT segmentation.bind_column('lines', 'pounds', '"Quantity" * product."Weight"::numeric');
SELECT segmentation.define_attribute('margin', 'sum(lines."Sales") - sum(lines."Cost")');
SELECT segmentation.define_attribute('margin rate', 'margin / sum(lines."Sales")');
SELECT segmentation.define_attribute('last_visit', 'max(baskets."PlacedAt")');
