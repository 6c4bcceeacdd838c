package rule

// truth is a value of Kleene's strong three-valued logic (Kleene, Introduction
// to Metamathematics, 1952, section 64), which clauses are evaluated in. The zero value is
// unknown.
type truth uint8

const (
	truthUnknown truth = iota
	truthFalse
	truthTrue
)

// truthOf returns the truth of what is known.
func truthOf(b bool) truth {
	if b {
		return truthTrue
	}
	return truthFalse
}

// and returns false as soon as one side is, true when both are.
func (t truth) and(u truth) truth {
	switch {
	case t == truthFalse || u == truthFalse:
		return truthFalse
	case t == truthTrue && u == truthTrue:
		return truthTrue
	default:
		return truthUnknown
	}
}

// or returns true as soon as one side is, false when both are.
func (t truth) or(u truth) truth { return t.not().and(u.not()).not() }

// not swaps true and false.
func (t truth) not() truth {
	switch t {
	case truthTrue:
		return truthFalse
	case truthFalse:
		return truthTrue
	default:
		return truthUnknown
	}
}

// choose returns then where t is true, otherwise where it is false, and where t is
// unknown what both agree on.
func (t truth) choose(then, otherwise truth) truth {
	switch {
	case t == truthTrue:
		return then
	case t == truthFalse:
		return otherwise
	case then == otherwise:
		return then
	default:
		return truthUnknown
	}
}

// same tells whether two truths are the same: unknown where either is.
func (t truth) same(u truth) truth {
	if t == truthUnknown || u == truthUnknown {
		return truthUnknown
	}
	return truthOf(t == u)
}
