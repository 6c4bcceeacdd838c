-- The join by the id as a UUID of 16 bytes: parsing it costs what the join gains.
SELECT model_version, city, count(*) AS n, sum(e) AS e1, sum(abs(e)) AS a1, sum(e * e) AS e2, sum(e * e * e * e) AS e4
FROM (
  SELECT model_version, city, prediction - label AS e
  FROM (SELECT id::UUID AS id, prediction, model_version, city FROM read_parquet(getvariable('predictions')))
  JOIN (SELECT id::UUID AS id, label FROM read_parquet(getvariable('labels'))) USING (id))
GROUP BY ALL;
