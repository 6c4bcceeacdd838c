-- Cells, all columns in one pass by grouping sets.
SET VARIABLE scales = (
  SELECT map(list(name), list(scale)) FROM read_parquet(getvariable('profile') || '/scales.parquet'));
CREATE MACRO cell(x, name) AS (x * getvariable('scales')[name])::INT;
CREATE VIEW p AS FROM read_parquet(getvariable('predictions'));
SELECT count(*) FROM (
  SELECT cell(f0, 'f0') AS c_f0, cell(f1, 'f1') AS c_f1, cell(f2, 'f2') AS c_f2, cell(f3, 'f3') AS c_f3, cell(f4, 'f4') AS c_f4, cell(f5, 'f5') AS c_f5, cell(f6, 'f6') AS c_f6, cell(f7, 'f7') AS c_f7, cell(f8, 'f8') AS c_f8, cell(f9, 'f9') AS c_f9, cell(prediction, 'prediction') AS c_prediction, count(*) AS n
  FROM p GROUP BY GROUPING SETS ((c_f0), (c_f1), (c_f2), (c_f3), (c_f4), (c_f5), (c_f6), (c_f7), (c_f8), (c_f9), (c_prediction)));
