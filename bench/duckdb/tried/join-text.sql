-- The join by the id as it is.
SELECT model_version, city, count(*) AS n, sum(e) AS e1, sum(abs(e)) AS a1, sum(e * e) AS e2, sum(e * e * e * e) AS e4
FROM (
  SELECT model_version, city, prediction - label AS e
  FROM read_parquet(getvariable('predictions')) JOIN read_parquet(getvariable('labels')) USING (id))
GROUP BY ALL;
