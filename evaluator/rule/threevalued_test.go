package rule

import (
	"testing"

	"pgregory.net/rapid"
)

// String returns unknown, false or true.
func (t truth) String() string {
	switch t {
	case truthTrue:
		return "true"
	case truthFalse:
		return "false"
	default:
		return "unknown"
	}
}

func truths() *rapid.Generator[truth] {
	return rapid.SampledFrom([]truth{truthUnknown, truthFalse, truthTrue})
}

func TestSemantics3_KleeneTables(t *testing.T) {
	const u, f, w = truthUnknown, truthFalse, truthTrue
	for _, c := range []struct{ a, b, and, or, same truth }{
		{f, f, f, f, w}, {f, u, f, u, u}, {f, w, f, w, f},
		{u, f, f, u, u}, {u, u, u, u, u}, {u, w, u, w, u},
		{w, f, f, w, f}, {w, u, u, w, u}, {w, w, w, w, w},
	} {
		if got := c.a.and(c.b); got != c.and {
			t.Errorf("%v and %v = %v, want %v", c.a, c.b, got, c.and)
		}
		if got := c.a.or(c.b); got != c.or {
			t.Errorf("%v or %v = %v, want %v", c.a, c.b, got, c.or)
		}
		if got := c.a.same(c.b); got != c.same {
			t.Errorf("%v same %v = %v, want %v", c.a, c.b, got, c.same)
		}
	}
	for in, want := range map[truth]truth{u: u, f: w, w: f} {
		if got := in.not(); got != want {
			t.Errorf("not %v = %v, want %v", in, got, want)
		}
	}
}

// What is known stays as it is, whatever an unknown turns out to be.
func TestSemantics3_KleeneKnowsNoMoreThanTwoValuedLogic(t *testing.T) {
	settle := func(v truth) []truth {
		if v == truthUnknown {
			return []truth{truthFalse, truthTrue}
		}
		return []truth{v}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := truths().Draw(t, "a"), truths().Draw(t, "b"), truths().Draw(t, "c")
		for name, f := range map[string]func(a, b, c truth) truth{
			"and": func(a, b, _ truth) truth { return a.and(b) },
			"or":  func(a, b, _ truth) truth { return a.or(b) },
			"?:":  func(a, b, c truth) truth { return a.choose(b, c) },
			"==":  func(a, b, _ truth) truth { return a.same(b) },
			"mix": func(a, b, c truth) truth { return a.and(b.not()).or(c.choose(a, b)) },
		} {
			got := f(a, b, c)
			if got == truthUnknown {
				continue
			}
			for _, x := range settle(a) {
				for _, y := range settle(b) {
					for _, z := range settle(c) {
						if want := f(x, y, z); want != got {
							t.Fatalf("%s of %v %v %v is %v, but of %v %v %v %v", name, a, b, c, got, x, y, z, want)
						}
					}
				}
			}
		}
	})
}

func TestSemantics3_KleeneLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := truths().Draw(t, "a"), truths().Draw(t, "b"), truths().Draw(t, "c")
		for name, pair := range map[string][2]truth{
			"and commutes":     {a.and(b), b.and(a)},
			"or commutes":      {a.or(b), b.or(a)},
			"and associates":   {a.and(b).and(c), a.and(b.and(c))},
			"or associates":    {a.or(b).or(c), a.or(b.or(c))},
			"de morgan":        {a.and(b).not(), a.not().or(b.not())},
			"and distributes":  {a.and(b.or(c)), a.and(b).or(a.and(c))},
			"double negation":  {a.not().not(), a},
			"absorption":       {a.or(a.and(b)), a},
			"choose of equals": {a.choose(b, b), b},
		} {
			if pair[0] != pair[1] {
				t.Fatalf("%s fails for %v %v %v: %v, %v", name, a, b, c, pair[0], pair[1])
			}
		}
	})
}
