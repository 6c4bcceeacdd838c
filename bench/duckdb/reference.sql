-- Saves what evaluate.sql compares with: the reference's counts by column and cell, and by
-- category. Not part of what is measured, as hindcast's profile is saved before too.
-- Variables: reference (a file), profile (a folder).
CREATE TEMP TABLE r AS FROM read_parquet(getvariable('reference'));
CREATE TEMP TABLE numbers AS
  UNPIVOT (SELECT f0, f1, f2, f3, f4, f5, f6, f7, f8::DOUBLE AS f8, f9::DOUBLE AS f9, prediction FROM r)
  ON * INTO NAME name VALUE x;
CREATE TEMP TABLE scales AS
  SELECT name, CASE
      WHEN count(DISTINCT x) <= 5000 AND bool_and(x = round(x)) THEN 1.0::DOUBLE
      ELSE 4096 / (quantile_cont(x, 0.999) - quantile_cont(x, 0.001)) END AS scale,
    stddev_pop(x) AS sd
  FROM numbers GROUP BY name;
CREATE TEMP TABLE cells AS
  SELECT name, (x * scale)::INT AS cell, count(*) AS n FROM numbers JOIN scales USING (name) GROUP BY ALL;
CREATE TEMP TABLE categories AS
  SELECT 'city' AS name, city AS value, count(*) AS n FROM r GROUP BY ALL
  UNION ALL SELECT 'channel', channel, count(*) FROM r GROUP BY ALL;
COPY scales TO (getvariable('profile') || '/scales.parquet');
COPY cells TO (getvariable('profile') || '/cells.parquet');
COPY categories TO (getvariable('profile') || '/categories.parquet');
COPY (SELECT count(*) AS rows FROM r) TO (getvariable('profile') || '/rows.parquet');
-- The same for the peers that read no SQL.
COPY (
  SELECT name, scale, sd, (SELECT count(*) FROM r) AS rows, list(cell ORDER BY cell) AS cells, list(n ORDER BY cell) AS counts
  FROM scales JOIN cells USING (name) WHERE cell IS NOT NULL GROUP BY ALL
) TO (getvariable('profile') || '/columns.json') (FORMAT json, ARRAY true);
COPY categories TO (getvariable('profile') || '/categories.json') (FORMAT json, ARRAY true);
SELECT * FROM scales ORDER BY name;
