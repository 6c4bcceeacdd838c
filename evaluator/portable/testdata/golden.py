"""Writes golden.csv: values of the functions of this package, by mpmath 1.3.0 with 220 bits.

    python3 golden.py > golden.csv
"""
from mpmath import mp, mpf, betainc, cbrt, erfc, exp, findroot, gammainc, log, log1p, sqrt

mp.prec = 220


def tail_of(t, df):
    u = t * t / df
    if u < 1:
        return mpf(1) / 2 - betainc(mpf(1) / 2, df / 2, 0, u / (1 + u), regularized=True) / 2
    return betainc(df / 2, mpf(1) / 2, 0, 1 / (1 + u), regularized=True) / 2


def upper(tail, p, high):
    """The root of tail(t) = the smaller of p and 1-p, with p's sign: halving, then secants."""
    p = mpf(p)
    q = min(p, 1 - p)
    low, high = log(mpf("1e-12")), log(mpf(high))
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(exp(middle)) > q else (low, middle)
    t = exp(findroot(lambda s: log(tail(exp(s)) / q), (low, high), solver="secant", tol=1e-70))
    return t if p > 0.5 else -t


def row(function, value, *arguments):
    print(",".join([function, *(repr(float(a)) for a in arguments), repr(float(value))]))


for x in [0.5, 1.0000000000000002, 0.9999999999999999, 1.4142135623730951, 1.414213562373095, 0.7071067811865476, 0.1, 3, 10, 1e-300, 1e300,
          5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.95, 1.05]:
    row("Log", log(mpf(x)), x)
for x in [0.5, 8, 1.0000000000000002, 0.9999999999999999, 3, 0.1, 1.4142135623730951, 5e-324, 1e300, 0.95]:
    row("Log2", log(mpf(x)) / log(mpf(2)), x)
for x in [1e-20, -1e-20, 1e-9, -1e-9, 0.1, -0.1, 0.375, 0.3749, -0.25, -0.2501, -0.5, -0.99, -0.9999999999999999, 1, 1.5, 3, 1e8, 1e16, 1e300]:
    row("Log1p", log1p(mpf(x)), x)
for x in [1e-20, -1e-9, 0.1, -0.1, 0.34657359027997264, 0.3465735902799727, 1, -1, 10, -10, 100.5, -100.5, 700.25, -700.25, 709.782712893384, -740.5]:
    row("Exp", exp(mpf(x)), x)
for x in [1, 8, 2, 0.001, 3, 27, 1e300, 5e-324, 1.7976931348623157e308, 0.9999999999999999, 2.220446049250313e-16]:
    row("Cbrt", cbrt(mpf(x)), x)
    row("Cbrt", -cbrt(mpf(x)), -x)
for p in [0.5000001, 0.6, 0.75, 0.9, 0.925, 0.926, 0.95, 0.975, 0.99, 0.995, 0.9995, 0.999999, 1e-5, 1e-11, 1e-12, 1e-100, 0.025, 0.3]:
    row("NormalQuantile", upper(lambda t: erfc(t / sqrt(mpf(2))) / 2, p, 30), p)
for df in [0.5, 1, 1.5, 2, 5, 29.5, 63, 64, 199, 1000, 123456.75, 9.9e6]:
    for p in [0.5001, 0.6, 0.8, 0.9, 0.95, 0.975, 0.995, 0.9999, 0.9999999, 0.01]:
        row("StudentQuantile", upper(lambda t: tail_of(t, mpf(df)), p, 1e40 if df < 3 else 1e4), p, df)
for shape in [0.05, 0.5, 1, 2.25, 7.5, 40, 333.25, 1e4]:
    for x in [shape / 50, shape / 2, shape, shape + 0.999, shape + 1, shape + 3 * shape ** 0.5, 2 * shape + 10]:
        row("GammaTail", gammainc(mpf(shape), mpf(x), regularized=True), shape, x)
