package a

import (
	"math"
	"math/cmplx" // want `what math/cmplx computes depends on the processor`
)

type celsius float64

const factor = 2.5

type pair struct{ a, b float64 }

func added(x, y, z float64) float64 {
	r := x*y + z           // want `may be fused`
	r = z - (x * y)        // want `may be fused`
	r = z + -(x * y)       // want `may be fused`
	r += x * y             // want `may be fused`
	r -= x * y             // want `may be fused`
	r = x*y + z*z          // want `may be fused` `may be fused`
	r = x*y*z + 1          // want `may be fused`
	r = factor*x + z       // want `may be fused`
	r = x/2 + z            // want `may be fused`
	r = z - x/0.25         // want `may be fused`
	r = math.Sqrt(x*y + z) // want `may be fused`
	return r
}

// The compiler looks through statements and functions that it inlines.
func kept(x, y, z float64) float64 {
	t := x * y            // want `may be fused`
	t *= y                // want `may be fused`
	t /= 2                // want `may be fused`
	p := pair{x * y, z}   // want `may be fused`
	r := []float64{x * y} // want `may be fused`
	r[0] = x * y          // want `may be fused`
	_ = add(x*y, z)       // want `may be fused`
	_ = add(square(x), z)
	return t + p.a + r[0]
}

func add(x, y float64) float64 { return x + y }

func square(x float64) float64 { return x * x } // want `may be fused`

func otherTypes(x, y float32, c celsius) (float32, celsius) {
	return x*y + 1, c*c + 1 // want `may be fused` `may be fused`
}

func generic(x, y float64) float64 {
	f := func() float64 { return x * y } // want `may be fused`
	return f() + 1
}

func functions(x, y float64) {
	_ = math.Log(x)          // want `math.Log depends on the processor`
	_ = math.Log1p(x)        // want `math.Log1p depends on the processor`
	_ = math.Exp(x)          // want `math.Exp depends on the processor`
	_ = math.Pow(x, y)       // want `math.Pow depends on the processor`
	_ = math.Erf(x)          // want `math.Erf depends on the processor`
	_, _ = math.Lgamma(x)    // want `math.Lgamma depends on the processor`
	_ = math.Hypot(x, y)     // want `math.Hypot depends on the processor`
	_ = math.Sin(x)          // want `math.Sin depends on the processor`
	f := math.Cbrt           // want `math.Cbrt depends on the processor`
	_ = f(cmplx.Abs(1i) + x) //
}

func fine(x, y, z float64, i, j int) float64 {
	r := float64(x*y) + z
	r += float64(x * y)
	r = float64(factor*x) + z
	r = x*y/z + 1
	r = float64(x*y*z) + 1
	r = float64(x/2) + z
	r = x/3 + x/y
	r = x + factor*2*math.Pi
	r = math.Sqrt(x*y) + math.Abs(-(x * y)) + max(x*y, z)
	r = math.FMA(x, y, z) + math.Floor(x)
	r = math.Max(x, math.Inf(1)) + math.MaxFloat64
	if x*y > z || -(x*y) == z {
		r++
	}
	k := i*j + 1
	k *= j
	return r + float64(k) + float64(int(x*y))
}
