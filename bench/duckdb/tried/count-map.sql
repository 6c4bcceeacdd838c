-- Cells, all columns in one pass by the aggregate function histogram, a map from cell to count.
SET VARIABLE scales = (
  SELECT map(list(name), list(scale)) FROM read_parquet(getvariable('profile') || '/scales.parquet'));
CREATE MACRO cell(x, name) AS (x * getvariable('scales')[name])::INT;
CREATE VIEW p AS FROM read_parquet(getvariable('predictions'));
SELECT histogram(cell(f0, 'f0')),
  histogram(cell(f1, 'f1')),
  histogram(cell(f2, 'f2')),
  histogram(cell(f3, 'f3')),
  histogram(cell(f4, 'f4')),
  histogram(cell(f5, 'f5')),
  histogram(cell(f6, 'f6')),
  histogram(cell(f7, 'f7')),
  histogram(cell(f8, 'f8')),
  histogram(cell(f9, 'f9')),
  histogram(cell(prediction, 'prediction'))
FROM p;
