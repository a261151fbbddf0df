-- The shop with a tree of what products are: shoes are footwear, which is food so far; for the specs that say "# shop: tree".
\ir shop.sql
CREATE TABLE kinds (name text PRIMARY KEY, above text);
CREATE INDEX ON kinds (above);
DO $$BEGIN
  PERFORM segmentation.bind_lookup('kind', 'kinds', of => 'product', key => 'category', parent => 'above');
  PERFORM segmentation.create_segment('clothes', 'lines MATCHES (kind.path CONTAINS ''clothes'', sum_quantity >= 5)');
  PERFORM segmentation.create_segment('no food', 'lines NOT MATCHES (kind.path CONTAINS ''food'')');
END$$;
CREATE PROCEDURE open_tree() LANGUAGE plpgsql SET segmentation.maintain = statement AS $$
BEGIN
  CALL open_shop();
  TRUNCATE kinds;
  INSERT INTO kinds VALUES ('clothes', NULL), ('food', NULL), ('hat', 'clothes'), ('coat', 'clothes'), ('footwear', 'food'), ('shoe', 'footwear');
  DELETE FROM segmentation.state WHERE customer_id > 2;
END $$;
