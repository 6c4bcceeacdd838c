-- The join by the hash, and the text compared where it matches: the text is carried along after all.
SELECT model_version, city, count(*) AS n, sum(e) AS e1, sum(abs(e)) AS a1, sum(e * e) AS e2, sum(e * e * e * e) AS e4
FROM (
  SELECT model_version, city, prediction - label AS e
  FROM (SELECT hash(id) AS h, id, prediction, model_version, city FROM read_parquet(getvariable('predictions'))) AS p
  JOIN (SELECT hash(id) AS h, id, label FROM read_parquet(getvariable('labels'))) AS l ON p.h = l.h AND p.id = l.id)
GROUP BY ALL;
