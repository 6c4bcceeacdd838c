-- Quantiles of the window itself, exact; one column of eleven.
SELECT quantile_disc(f0, [k / 10000 for k in range(1, 10000)]) FROM read_parquet(getvariable('predictions'));
