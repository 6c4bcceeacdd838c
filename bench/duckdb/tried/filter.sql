-- The counts that are kept, with the window asked for: each pass reads and filters the times too.
SET VARIABLE scales = (
  SELECT map(list(name), list(scale)) FROM read_parquet(getvariable('profile') || '/scales.parquet'));
CREATE MACRO cell(x, name) AS (x * getvariable('scales')[name])::INT;
CREATE VIEW p AS FROM read_parquet(getvariable('predictions'))
  WHERE predicted_at >= TIMESTAMP '2026-01-10' AND predicted_at < TIMESTAMP '2026-01-11';
SELECT count(*) FROM (
  SELECT 'f0' AS name, cell(f0, 'f0') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f1' AS name, cell(f1, 'f1') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f2' AS name, cell(f2, 'f2') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f3' AS name, cell(f3, 'f3') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f4' AS name, cell(f4, 'f4') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f5' AS name, cell(f5, 'f5') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f6' AS name, cell(f6, 'f6') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f7' AS name, cell(f7, 'f7') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f8' AS name, cell(f8, 'f8') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'f9' AS name, cell(f9, 'f9') AS cell, count(*) AS n FROM p GROUP BY ALL
  UNION ALL SELECT 'prediction' AS name, cell(prediction, 'prediction') AS cell, count(*) AS n FROM p GROUP BY ALL);
