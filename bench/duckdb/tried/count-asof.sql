-- The quantiles as edges, by an ASOF join, which sorts; one column of eleven.
CREATE TEMP TABLE edges AS
  SELECT DISTINCT unnest(quantile_disc(f0, [k / 10000 for k in range(1, 10000)])) AS edge FROM read_parquet(getvariable('profile') || '/../reference.parquet');
SELECT edge, count(*) AS n FROM read_parquet(getvariable('predictions')) AS p ASOF JOIN edges ON p.f0 >= edge GROUP BY ALL;
