package portable

import (
	"encoding/binary"
	"encoding/csv"
	"hash/fnv"
	"math"
	"os"
	"strconv"
	"testing"
)

// function is a function of this package with what the tests hold it to. One of a single
// argument leaves out y.
type function struct {
	of func(x, y float64) float64
	// library is the function of package math, and apart how many units in the last place it
	// may be away: 1, for it has an error below 1 too, and 2 where it is above 1 on amd64.
	library func(x float64) float64
	apart   float64
	// The error is at most so many units in the last place, or such a share, or so great.
	units, relative, absolute float64
	// argument makes arguments from a number in [0, 1).
	argument func(u float64) (x, y float64)
}

func functions() map[string]function {
	one := func(f func(float64) float64) func(x, y float64) float64 {
		return func(x, _ float64) float64 { return f(x) }
	}
	wide := func(u float64) (x, y float64) { return math.Ldexp(1+1000*u-math.Floor(1000*u), int(2000*u)-1000), 0 }
	return map[string]function{
		"Log":            {of: one(Log), library: math.Log, apart: 1, units: 1, argument: wide},
		"Log2":           {of: one(Log2), units: 2, argument: wide},
		"Log1p":          {of: one(Log1p), library: math.Log1p, apart: 1, units: 1, argument: func(u float64) (x, y float64) { return 4*u*u*u - 1, 0 }},
		"Exp":            {of: one(Exp), library: math.Exp, apart: 2, units: 1, argument: func(u float64) (x, y float64) { return 1418*u - 709, 0 }},
		"Cbrt":           {of: one(Cbrt), library: math.Cbrt, apart: 1, units: 1, argument: wide},
		"NormalQuantile": {of: one(NormalQuantile), relative: 1e-15, argument: func(u float64) (x, y float64) { return u, 0 }},
		"StudentQuantile": {of: StudentQuantile, relative: 2e-14, absolute: 1e-15, argument: func(u float64) (x, y float64) {
			return u, math.Ldexp(1, int(1000*u)%23)
		}},
		"GammaTail": {of: GammaTail, relative: 1e-10, argument: func(u float64) (x, y float64) {
			shape := math.Ldexp(1, int(1000*u)%18-4)
			return shape, 3 * u * shape
		}},
	}
}

// near reports whether a value is within the function's error of the true one.
func (f *function) near(got, want float64) bool {
	if math.IsNaN(want) || math.IsInf(want, 0) || want == 0 {
		return got == want || math.IsNaN(got) && math.IsNaN(want)
	}
	size := math.Abs(want)
	return math.Abs(got-want) <= max(f.units*(math.Nextafter(size, math.Inf(1))-size), f.relative*size, f.absolute)
}

// trueValue is a line of testdata/golden.csv, which testdata/golden.py computed.
type trueValue struct {
	function string
	x, y     float64 // y is 0 for a function of one argument
	want     float64
}

// trueValues reads the lines, which have two or three numbers after the function's name.
func trueValues(t *testing.T) []trueValue {
	t.Helper()
	file, err := os.Open("testdata/golden.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := csv.NewReader(file)
	lines.FieldsPerRecord = -1
	fields, err := lines.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	number := func(text string) float64 {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	out := make([]trueValue, len(fields))
	for i, line := range fields {
		out[i] = trueValue{function: line[0], x: number(line[1]), want: number(line[len(line)-1])}
		if len(line) == 4 {
			out[i].y = number(line[2])
		}
	}
	return out
}

func TestTrueValues(t *testing.T) {
	seen := map[string]int{}
	for _, v := range trueValues(t) {
		f, ok := functions()[v.function]
		if !ok {
			t.Fatalf("there is no function %q", v.function)
		}
		seen[v.function]++
		if got := f.of(v.x, v.y); !f.near(got, v.want) {
			t.Errorf("%s of %v and %v is %v, want %v", v.function, v.x, v.y, got, v.want)
		}
	}
	for name := range functions() {
		if seen[name] < 10 {
			t.Errorf("%s is compared with %d true values, want 10 or more", name, seen[name])
		}
	}
}

// TestLibraryAgrees compares with package math over wide ranges, and close to 1.
func TestLibraryAgrees(t *testing.T) {
	for name, f := range functions() {
		if f.library == nil {
			continue
		}
		const n = 200_000
		for i := range n {
			x, _ := f.argument(float64(i) / n)
			for _, x := range []float64{x, 1 + x*0x1p-20, -x} {
				if got, want := f.of(x, 0), f.library(x); !(&function{units: f.apart}).near(got, want) {
					t.Fatalf("%s of %v is %v, math's %v", name, x, got, want)
				}
			}
		}
	}
}

func TestSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name       string
		x, y, want float64
	}{
		{"Log", 0, 0, -inf}, {"Log", 1, 0, 0}, {"Log", -1, 0, nan}, {"Log", -inf, 0, nan}, {"Log", inf, 0, inf}, {"Log", nan, 0, nan},
		{"Log2", 0, 0, -inf}, {"Log2", 1, 0, 0}, {"Log2", 0x1p-1074, 0, -1074}, {"Log2", 0x1p1023, 0, 1023}, {"Log2", -1, 0, nan}, {"Log2", inf, 0, inf}, {"Log2", nan, 0, nan},
		{"Log1p", -1, 0, -inf}, {"Log1p", 0, 0, 0}, {"Log1p", -1.5, 0, nan}, {"Log1p", inf, 0, inf}, {"Log1p", nan, 0, nan}, {"Log1p", 0x1p-1074, 0, 0x1p-1074},
		{"Exp", 0, 0, 1}, {"Exp", -inf, 0, 0}, {"Exp", -746, 0, 0}, {"Exp", 710, 0, inf}, {"Exp", inf, 0, inf}, {"Exp", nan, 0, nan}, {"Exp", -745.13, 0, 0x1p-1074},
		{"Cbrt", 0, 0, 0}, {"Cbrt", -inf, 0, -inf}, {"Cbrt", inf, 0, inf}, {"Cbrt", nan, 0, nan}, {"Cbrt", -27, 0, -3},
		{"NormalQuantile", 0, 0, -inf}, {"NormalQuantile", 1, 0, inf}, {"NormalQuantile", 0.5, 0, 0}, {"NormalQuantile", -0.1, 0, nan}, {"NormalQuantile", 1.1, 0, nan}, {"NormalQuantile", nan, 0, nan},
		{"StudentQuantile", 0, 3, -inf}, {"StudentQuantile", 1, 3, inf}, {"StudentQuantile", 0.5, 3, 0}, {"StudentQuantile", 1.1, 3, nan}, {"StudentQuantile", nan, 3, nan},
		{"StudentQuantile", 0.9, 0, nan}, {"StudentQuantile", 0.9, -1, nan}, {"StudentQuantile", 0.9, nan, nan}, {"StudentQuantile", 0.9, inf, NormalQuantile(0.9)},
		{"GammaTail", 2, 0, 1}, {"GammaTail", 2, -1, 1}, {"GammaTail", 2, inf, 0}, {"GammaTail", 0, 1, nan}, {"GammaTail", nan, 1, nan}, {"GammaTail", 2, nan, nan}, {"GammaTail", inf, 1, nan},
	} {
		f := functions()[c.name]
		if got := f.of(c.x, c.y); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%s(%v, %v) is %v, want %v", c.name, c.x, c.y, got, c.want)
		}
	}
	for name, f := range map[string]func(float64) float64{"Cbrt": Cbrt, "Log1p": Log1p} {
		if got := f(math.Copysign(0, -1)); got != 0 || !math.Signbit(got) {
			t.Errorf("%s(-0) is %v, want -0", name, got)
		}
	}
}

// TestQuantilesAreOddAndRise holds what the methods could break where they change.
func TestQuantilesAreOddAndRise(t *testing.T) {
	for _, df := range []float64{0.5, 1, 2.9, 3, 17, 1e4, 9e6, math.Inf(1)} {
		last := 0.0
		for i := 1; i < 4096; i++ {
			p := 0.5 + float64(i)/8192
			got := StudentQuantile(p, df)
			if !(got > last) || StudentQuantile(1-p, df) != -got {
				t.Fatalf("at %v with %v degrees of freedom: %v after %v, and %v at 1-p", p, df, got, last, StudentQuantile(1-p, df))
			}
			last = got
		}
	}
}

// TestBitsAreTheSame holds every bit of many results. Another processor gives the same;
// .ci/portable runs this test for several.
func TestBitsAreTheSame(t *testing.T) {
	for name, want := range map[string]uint64{
		"Log":             0xe5c57db7cb4beb51,
		"Log2":            0xb63c58f454d8cdb,
		"Log1p":           0x9e8d57f87ef0fa06,
		"Exp":             0xa81bf6ce24492136,
		"Cbrt":            0x37e767fdb783e410,
		"NormalQuantile":  0x39d5fe6130e1e2bd,
		"StudentQuantile": 0xb0ce7c0d0fcc6592,
		"GammaTail":       0x853590649d80aab8,
	} {
		f := functions()[name]
		sum := fnv.New64a()
		const n = 1 << 14
		for i := range n {
			x, y := f.argument((float64(i) + 0.5) / n)
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], math.Float64bits(f.of(x, y)))
			sum.Write(b[:])
		}
		if got := sum.Sum64(); got != want {
			t.Errorf("%s has the sum %#x, want %#x: its results have changed in some bit", name, got, want)
		}
	}
}

func BenchmarkLog(b *testing.B) {
	x, sum := 0.3, 0.0
	for b.Loop() {
		sum += Log(x)
		x += 1e-9
	}
}

func BenchmarkStudentQuantile(b *testing.B) {
	for b.Loop() {
		StudentQuantile(0.975, 57.5)
	}
}
