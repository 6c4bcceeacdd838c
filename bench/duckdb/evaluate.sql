-- What hindcast computes of the benchmark's model, as fast as DuckDB was made to do it.
-- Variables: predictions, labels (patterns), profile (the folder of reference.sql).
--
-- The files hold the window alone, as the folder of a day does. So the window is not asked
-- for: a filter on predicted_at costs as much again as all the rest (tried/filter.sql).

-- x is in cell (x * scale)::INT.
SET VARIABLE scales = (
  SELECT map(list(name), list(scale)) FROM read_parquet(getvariable('profile') || '/scales.parquet'));
CREATE MACRO cell(x, name) AS (x * getvariable('scales')[name])::INT;

CREATE VIEW p AS FROM read_parquet(getvariable('predictions'));

-- Performance. The join is by 64 bits of each id's hash: half the time of a join by the text.
CREATE TEMP TABLE sums AS
  SELECT model_version, city, count(*) AS n,
    sum(e) AS e1, sum(abs(e)) AS a1, sum(e * e) AS e2, sum(e * e * e * e) AS e4
  FROM (
    SELECT model_version, city, prediction - label AS e
    FROM (SELECT hash(id) AS id, prediction, model_version, city FROM p)
    JOIN (SELECT hash(id) AS id, label FROM read_parquet(getvariable('labels'))) USING (id))
  GROUP BY ALL;

-- Drift, one pass over each column.
CREATE TEMP TABLE counts AS
  SELECT 'f0' AS name, cell(f0, 'f0') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f1', cell(f1, 'f1') AS cell, count(*) FROM p GROUP BY ALL
  UNION ALL SELECT 'f2', cell(f2, 'f2') AS cell, count(*) FROM p GROUP BY ALL
  UNION ALL SELECT 'f3', cell(f3, 'f3') AS cell, count(*) FROM p GROUP BY ALL
  UNION ALL SELECT 'f4', cell(f4, 'f4') AS cell, count(*) FROM p GROUP BY ALL
  UNION ALL SELECT 'f5', cell(f5, 'f5') AS cell, count(*) FROM p GROUP BY ALL
  UNION ALL SELECT 'f6', cell(f6, 'f6') AS cell, count(*) FROM p GROUP BY ALL
  UNION ALL SELECT 'f7', cell(f7, 'f7') AS cell, count(*) FROM p GROUP BY ALL
  UNION ALL SELECT 'f8', f8::INT AS cell, count(*) FROM p GROUP BY ALL
  UNION ALL SELECT 'f9', f9::INT AS cell, count(*) FROM p GROUP BY ALL
  UNION ALL SELECT 'prediction', cell(prediction, 'prediction') AS cell, count(*) FROM p GROUP BY ALL;
CREATE TEMP TABLE category_counts AS
  SELECT 'city' AS name, city AS value, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'channel', channel, count(*) FROM p GROUP BY ALL;

-- What follows works on some thousand rows.

-- m and n are the counts of the reference and the window. PSI's bins are the reference's
-- deciles, one for what lies outside of its range, and one for what is missing.
CREATE TEMP TABLE numbers AS
  WITH reference AS (
    SELECT name, cell, n, (SELECT rows FROM read_parquet(getvariable('profile') || '/rows.parquet')) AS rows
    FROM read_parquet(getvariable('profile') || '/cells.parquet')
  ), ranges AS (
    SELECT name, min(cell) AS low, max(cell) AS high, sum(n) AS total, any_value(rows) AS rows FROM reference GROUP BY name
  ), both_ AS (
    SELECT coalesce(r.name, w.name) AS name, coalesce(r.cell, w.cell) AS cell, coalesce(r.n, 0) AS m, coalesce(w.n, 0) AS n
    FROM reference r FULL JOIN (FROM counts WHERE cell IS NOT NULL) w ON r.name = w.name AND r.cell = w.cell
  ), summed AS (
    SELECT *, sum(m) OVER before AS m_sum, sum(n) OVER before AS n_sum, sum(n) OVER all_ AS n_total,
      lead(cell) OVER before - cell AS width
    FROM both_
    WINDOW before AS (PARTITION BY name ORDER BY cell), all_ AS (PARTITION BY name)
  ), binned AS (
    SELECT s.*, CASE WHEN cell < low OR cell > high THEN 10 ELSE floor(10 * (m_sum - m) / total) END AS bin, total, rows
    FROM summed s JOIN ranges USING (name)
  ), distances AS (
    SELECT name, max(n_total) AS n, max(abs(m_sum / total - n_sum / n_total)) AS ks,
      sum(abs(m_sum / total - n_sum / n_total) * width) AS cells
    FROM binned GROUP BY name
  ), bins AS (
    SELECT name, bin, sum(m) AS m, sum(n) AS n FROM binned GROUP BY ALL
    UNION ALL SELECT name, 11, any_value(rows) - any_value(total), (SELECT coalesce(sum(n), 0) FROM counts c WHERE c.name = binned.name AND c.cell IS NULL)
    FROM binned GROUP BY name
  )
  SELECT name, n, psi, ks, cells / scale AS wasserstein, cells / scale / sd AS wasserstein_normed
  FROM distances JOIN (
      SELECT name, sum((q - p) * ln(q / p)) AS psi FROM (
        SELECT name, (m + half) / sum(m + half) OVER (PARTITION BY name) AS p, (n + half) / sum(n + half) OVER (PARTITION BY name) AS q
        FROM (
          SELECT *, CASE WHEN bool_or(m = 0 OR n = 0) OVER (PARTITION BY name) THEN 0.5 ELSE 0 END AS half
          FROM bins WHERE m > 0 OR n > 0))
      GROUP BY name) USING (name)
    JOIN read_parquet(getvariable('profile') || '/scales.parquet') USING (name);

CREATE TEMP TABLE texts AS
  SELECT name, sum(n)::BIGINT AS n, sum((q - p) * ln(q / p)) AS psi FROM (
    SELECT *, (m + half) / sum(m + half) OVER (PARTITION BY name) AS p, (n + half) / sum(n + half) OVER (PARTITION BY name) AS q
    FROM (
      SELECT *, CASE WHEN bool_or(m = 0 OR n = 0) OVER (PARTITION BY name) THEN 0.5 ELSE 0 END AS half
      FROM (
        SELECT name, CASE WHEN r.value IS NULL AND w.value IS NOT NULL THEN '(unseen)' ELSE coalesce(w.value, r.value) END AS value,
          coalesce(sum(r.n), 0) AS m, coalesce(sum(w.n), 0) AS n
        FROM read_parquet(getvariable('profile') || '/categories.parquet') r
          FULL JOIN category_counts w USING (name, value)
        GROUP BY ALL)))
  GROUP BY name;

-- The variance of e * e is that of its mean; rmse's error is half of its, divided by rmse.
WITH groups AS (
  SELECT CASE GROUPING(model_version, city) WHEN 3 THEN 'all' WHEN 1 THEN 'version' ELSE 'city' END AS part,
    coalesce(model_version, city, '') AS value, sum(n) AS n, sum(a1) / sum(n) AS mae, sqrt(sum(e2) / sum(n)) AS rmse,
    sqrt((sum(e2) / sum(n) - (sum(a1) / sum(n)) ** 2) / sum(n)) AS mae_se,
    sqrt((sum(e4) / sum(n) - (sum(e2) / sum(n)) ** 2) / sum(n)) / (2 * sqrt(sum(e2) / sum(n))) AS rmse_se
  FROM sums GROUP BY GROUPING SETS ((), (model_version), (city))
)
SELECT part, value AS name, n::BIGINT AS n, mae, mae - 1.96 * mae_se AS mae_low, mae + 1.96 * mae_se AS mae_high,
  rmse, rmse - 1.96 * rmse_se AS rmse_low, rmse + 1.96 * rmse_se AS rmse_high,
  NULL AS psi, NULL AS ks, NULL AS wasserstein, NULL AS wasserstein_normed
FROM groups
UNION ALL BY NAME SELECT 'column' AS part, name, n::BIGINT AS n, psi, ks, wasserstein, wasserstein_normed FROM numbers
UNION ALL BY NAME SELECT 'column' AS part, name, n, psi FROM texts
ORDER BY part, name;
