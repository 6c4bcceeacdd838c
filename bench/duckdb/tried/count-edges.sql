-- The reference's 10,000 quantiles as edges, by the aggregate function histogram, which searches
-- them for each value; one pass for all columns.
SET VARIABLE edges_f0 = (
  SELECT list_distinct(quantile_disc(f0, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_f1 = (
  SELECT list_distinct(quantile_disc(f1, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_f2 = (
  SELECT list_distinct(quantile_disc(f2, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_f3 = (
  SELECT list_distinct(quantile_disc(f3, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_f4 = (
  SELECT list_distinct(quantile_disc(f4, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_f5 = (
  SELECT list_distinct(quantile_disc(f5, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_f6 = (
  SELECT list_distinct(quantile_disc(f6, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_f7 = (
  SELECT list_distinct(quantile_disc(f7, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_f8 = (
  SELECT list_distinct(quantile_disc(f8, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_f9 = (
  SELECT list_distinct(quantile_disc(f9, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SET VARIABLE edges_prediction = (
  SELECT list_distinct(quantile_disc(prediction, [k / 10000 for k in range(1, 10000)])) FROM read_parquet(getvariable('profile') || '/../reference.parquet'));
SELECT histogram(f0, getvariable('edges_f0')),
  histogram(f1, getvariable('edges_f1')),
  histogram(f2, getvariable('edges_f2')),
  histogram(f3, getvariable('edges_f3')),
  histogram(f4, getvariable('edges_f4')),
  histogram(f5, getvariable('edges_f5')),
  histogram(f6, getvariable('edges_f6')),
  histogram(f7, getvariable('edges_f7')),
  histogram(f8, getvariable('edges_f8')),
  histogram(f9, getvariable('edges_f9')),
  histogram(prediction, getvariable('edges_prediction'))
FROM read_parquet(getvariable('predictions'));
