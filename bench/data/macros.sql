-- The values of the benchmark's data. Every one is a hash of its row's number, so that
-- the same version of DuckDB makes the same files, and a label can be made without its
-- prediction. s shifts the distributions: 0 for the log, 1 for the reference.

-- Uniform on [0, 1), of 53 bits; k below 10,007 tells the draws of a row apart. One
-- number is hashed, for the hash of two is no good mix of theirs.
CREATE MACRO u(i, k) AS (hash(i * 10007 + k) >> 11)::DOUBLE / 9007199254740992.0;

-- Standard normal (Box and Muller).
CREATE MACRO z(i, k) AS sqrt(-2 * ln(1 - u(i, k))) * cos(2 * pi() * u(i, k + 1000));

-- 36 characters.
CREATE MACRO row_id(i) AS md5(i::VARCHAR)::UUID::VARCHAR;

CREATE MACRO prediction_of(i, s) AS exp(12.3 + 0.4 * z(i, 1) + 0.03 * s);

-- One in twenty errors is five times as wide.
CREATE MACRO label_of(i, s) AS
  prediction_of(i, s) * (1 + 0.08 * z(i, 2) * (CASE WHEN u(i, 3) < 0.05 THEN 5 ELSE 1 END)) + 500 - 300 * s;

-- The probability that a binary classifier logs, of full precision, and what it turns out to be,
-- which is likelier than said where the probability is small.
CREATE MACRO score_of(i, s) AS 1 / (1 + exp(1.5 - 1.2 * z(i, 1) - 0.03 * s));
CREATE MACRO outcome_of(i, s) AS (u(i, 2) < pow(score_of(i, s), 0.95 + 0.02 * s))::INT;

-- Those of three classes, which are the more probable the farther to the left they stand.
CREATE MACRO size_of(i, k, s) AS exp(1.1 * z(i, 50 + k) - 0.4 * k - 0.03 * k * s);
CREATE MACRO sizes_of(i, s) AS size_of(i, 0, s) + size_of(i, 1, s) + size_of(i, 2, s);
CREATE MACRO kind_of(i, s) AS
  ['cat', 'dog', 'owl'][1 + (u(i, 2) * sizes_of(i, s) > size_of(i, 0, s))::INT + (u(i, 2) * sizes_of(i, s) > size_of(i, 0, s) + size_of(i, 1, s))::INT];

CREATE MACRO weight_of(i) AS 0.5 + u(i, 7);

-- Six features of full precision, two like money, two whole numbers, two of text.
CREATE MACRO f0(i, s) AS z(i, 10) + 0.05 * s;
CREATE MACRO f1(i, s) AS exp(0.5 * z(i, 11) + 0.02 * s);
CREATE MACRO f2(i, s) AS CASE WHEN u(i, 42) < 0.01 THEN NULL ELSE 10 + 3 * z(i, 12) + 0.1 * s END;
CREATE MACRO f3(i, s) AS exp(4 + z(i, 13));
CREATE MACRO f4(i, s) AS z(i, 14) + (CASE WHEN u(i, 44) < 0.3 THEN 4 + 0.2 * s ELSE 0 END);
CREATE MACRO f5(i, s) AS 100 * u(i, 15) * u(i, 45) + s;
CREATE MACRO f6(i, s) AS CASE WHEN u(i, 46) < 0.01 THEN NULL ELSE round(exp(3.5 + 0.6 * z(i, 16) + 0.03 * s), 2) END;
CREATE MACRO f7(i, s) AS round(abs(250 * z(i, 17)), 2);
CREATE MACRO f8(i, s) AS floor(abs(z(i, 18)) * 80)::BIGINT;
CREATE MACRO f9(i, s) AS least(floor(exp(6 + 0.7 * z(i, 19) + 0.02 * s)), 5000)::BIGINT;
CREATE MACRO city_of(i, s) AS 'city-' || lpad(floor(30 * pow(u(i, 20), 1.8 + 0.2 * s))::BIGINT::VARCHAR, 2, '0');
CREATE MACRO channel_of(i, s) AS
  ['web', 'app', 'branch', 'phone', 'partner', 'mail', 'fair', 'other'][1 + floor(8 * pow(u(i, 21), 2.5))::BIGINT];
