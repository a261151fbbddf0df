-- The table of docs/vocabulary.md against what adopt has defined in this shop, which has all that it looks for, and against what its source can define.
CREATE VIEW hand.defined AS
SELECT a.name AS word, a.type, a.kind IN ('defined', 'computed', 'set') AS by_adopt FROM segmentation.attributes AS a
UNION ALL SELECT s.name, 'rows', true FROM segmentation.sources AS s WHERE s.kind = 'defined';
INSERT INTO hand.outcome (what, problem)
SELECT 'words of the page are defined, with its types', (SELECT string_agg(format('%s is %s, not %s', v.word, COALESCE(d.type, 'undefined'), v.type), ', ') FROM hand.vocabulary AS v
  LEFT JOIN hand.defined AS d ON d.word = v.word WHERE v.type IS NOT NULL AND COALESCE(d.type, '') <> ALL (string_to_array(v.type, ' or ')));
INSERT INTO hand.outcome (what, problem)
SELECT 'words that are defined stand in the page', (SELECT string_agg(d.word, ', ') FROM hand.defined AS d WHERE d.by_adopt AND d.word NOT IN (SELECT v.word FROM hand.vocabulary AS v WHERE v.type IS NOT NULL));
INSERT INTO hand.outcome (what, problem)
SELECT 'words that the source can define stand in the page', (SELECT string_agg(DISTINCT d.word, ', ') FROM hand.definable AS d WHERE d.word NOT IN (SELECT v.word FROM hand.vocabulary AS v WHERE v.type IS NOT NULL));
INSERT INTO hand.outcome (what, problem)
SELECT 'words that the page says are not defined are not', (SELECT string_agg(v.word, ', ') FROM hand.vocabulary AS v JOIN hand.defined AS d ON d.word = v.word WHERE v.type IS NULL);
