-- Cells, all columns in one pass, unpivoted.
SET VARIABLE scales = (
  SELECT map(list(name), list(scale)) FROM read_parquet(getvariable('profile') || '/scales.parquet'));
CREATE MACRO cell(x, name) AS (x * getvariable('scales')[name])::INT;
CREATE VIEW p AS FROM read_parquet(getvariable('predictions'));
SELECT count(*) FROM (
  SELECT name, cell, count(*) AS n
  FROM (SELECT unnest([cell(f0, 'f0'), cell(f1, 'f1'), cell(f2, 'f2'), cell(f3, 'f3'), cell(f4, 'f4'), cell(f5, 'f5'), cell(f6, 'f6'), cell(f7, 'f7'), cell(f8, 'f8'), cell(f9, 'f9'), cell(prediction, 'prediction')]) AS cell,
    unnest(['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8', 'f9', 'prediction']) AS name FROM p)
  GROUP BY ALL);
