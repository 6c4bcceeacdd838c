package rule

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// Rules are parsed and type-checked by cel-go, but not evaluated by it: its
// evaluator carries unknowns only as whole attributes, gives up on a comparison
// without saying why, and has no place for an interval. Significance and the
// reason for not knowing live in each comparison, so the checked tree becomes a
// tree of clauses, each evaluated in three-valued logic (clause.eval).

// maxWhenDepth bounds how deep an expression nests.
const maxWhenDepth = 100

// The checker sees one variable of each type. Which variable of a rule is meant
// is kept by the node's id: what the data names (columns, segments) is not known
// before there is data and could not be declared.
const (
	checkedNumber = "number"
	checkedFlag   = "flag"
)

// fault is one thing that is wrong with an expression, and where.
type fault struct {
	msg    string
	offset int // in characters from the beginning of the expression
}

// condition is a compiled expression, as a rule keeps it.
type condition struct {
	root      *clause
	variables []*variable // each once, in order of appearance
}

// ruleCompiler compiles the expressions of one model's rules, for Compile.
type ruleCompiler struct {
	env   *cel.Env
	names *names
}

// newRuleCompiler declares the language of rules: numbers, flags, arithmetic,
// comparisons, logic, abs, min and max; nothing else of CEL.
func newRuleCompiler(env Env) (*ruleCompiler, error) {
	number, flag := cel.DoubleType, cel.BoolType
	one, two := []*cel.Type{number}, []*cel.Type{number, number}
	opts := []cel.EnvOption{
		cel.ClearMacros(),
		cel.ParserRecursionLimit(maxWhenDepth),
		cel.ParserExpressionSizeLimit(maxWhenLength),
		cel.Variable(checkedNumber, number),
		cel.Variable(checkedFlag, flag),
		cel.Function(operators.Negate, cel.Overload("negate_number", one, number)),
		cel.Function("abs", cel.Overload("abs_number", one, number)),
		cel.Function(operators.LogicalNot, cel.Overload("not_flag", []*cel.Type{flag}, flag)),
		cel.Function(operators.Conditional,
			cel.Overload("choose_number", []*cel.Type{flag, number, number}, number),
			cel.Overload("choose_flag", []*cel.Type{flag, flag, flag}, flag)),
	}
	for _, op := range []string{operators.Add, operators.Subtract, operators.Multiply, operators.Divide, "min", "max"} {
		opts = append(opts, cel.Function(op, cel.Overload(op+"_number", two, number)))
	}
	for _, op := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
		opts = append(opts, cel.Function(op, cel.Overload(op+"_number", two, flag)))
	}
	for _, op := range []string{operators.Equals, operators.NotEquals} {
		opts = append(opts, cel.Function(op,
			cel.Overload(op+"_number", two, flag),
			cel.Overload(op+"_flag", []*cel.Type{flag, flag}, flag)))
	}
	for _, op := range []string{operators.LogicalAnd, operators.LogicalOr} {
		opts = append(opts, cel.Function(op, cel.Overload(op+"_flag", []*cel.Type{flag, flag}, flag)))
	}
	e, err := cel.NewCustomEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("declare the language of rules: %w", err)
	}
	return &ruleCompiler{env: e, names: newNames(env)}, nil
}

// compile parses, resolves, checks and builds an expression.
func (c *ruleCompiler) compile(when string) (*condition, []fault) {
	switch {
	case strings.TrimSpace(when) == "":
		return nil, []fault{{msg: "an expression is needed, such as rmse > 1.2 * reference.rmse"}}
	case !utf8.ValidString(when):
		return nil, []fault{{msg: "the expression is not valid UTF-8"}}
	case utf8.RuneCountInString(when) > maxWhenLength:
		return nil, []fault{{
			msg:    fmt.Sprintf("the expression has %d characters and may have %d", utf8.RuneCountInString(when), maxWhenLength),
			offset: maxWhenLength,
		}}
	}
	parsed, issues := c.env.Parse(when)
	if issues.Err() != nil {
		// What follows a syntax error mostly follows from it.
		return nil, issueFaults(when, issues, syntaxMessage)[:1]
	}
	b := &conditionBuilder{
		names: c.names, info: parsed.NativeRep().SourceInfo(),
		byID: map[int64]*variable{}, byName: map[string]*variable{},
	}
	b.rewrite(parsed.NativeRep().Expr())
	if len(b.faults) > 0 {
		return nil, b.faults
	}
	checked, issues := c.env.Check(parsed)
	if issues.Err() != nil {
		return nil, issueFaults(when, issues, typeMessage)
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, []fault{{msg: "the expression gives a number; a rule is a comparison, as in rmse > 1"}}
	}
	if len(b.variables) == 0 {
		return nil, []fault{{msg: "the expression names no variable, so that it never changes"}}
	}
	b.checked = checked.NativeRep()
	root := b.clause(b.checked.Expr())
	if len(b.faults) > 0 {
		return nil, b.faults
	}
	return &condition{root: root, variables: b.variables}, nil
}

// conditionBuilder turns one parsed expression into clauses.
type conditionBuilder struct {
	names     *names
	info      *ast.SourceInfo      // where each node stands
	checked   *ast.AST             // nil until the types are checked
	byID      map[int64]*variable  // by the id of the node that names it
	byName    map[string]*variable // by its canonical name
	variables []*variable          // likewise, in order of appearance
	faults    []fault
}

// offset returns where a node stands in the expression, in characters.
func (b *conditionBuilder) offset(e ast.Expr) int {
	r, _ := b.info.GetOffsetRange(e.ID())
	return int(r.Start)
}

func (b *conditionBuilder) faultAt(e ast.Expr, format string, args ...any) {
	b.faults = append(b.faults, fault{msg: fmt.Sprintf(format, args...), offset: b.offset(e)})
}

// rewrite replaces whole numbers by doubles, so that both mix freely, and paths
// by the checker's variables; it reports what rules don't have.
func (b *conditionBuilder) rewrite(e ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		b.rewriteLiteral(e)
	case ast.IdentKind, ast.SelectKind:
		b.rewritePath(e)
	case ast.CallKind:
		b.rewriteCall(e)
	default:
		b.faultAt(e, "rules have no lists, maps or objects")
	}
}

// rewriteLiteral replaces a whole number and refuses what is no number.
func (b *conditionBuilder) rewriteLiteral(e ast.Expr) {
	var number float64
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		return
	case types.Double:
		number = float64(v)
	case types.Int:
		number = float64(v)
	case types.Uint:
		number = float64(v)
	case types.String:
		b.faultAt(e, "the text %q is no value to compare; text only names columns, segments and classes, in brackets", shorten(string(v), maxNameLength))
		return
	default:
		b.faultAt(e, "rules compare numbers, not %s", e.AsLiteral().Type().TypeName())
		return
	}
	if !stat.IsNumber(number) {
		b.faultAt(e, "the number is too large")
		return
	}
	e.SetKindCase(ast.NewExprFactory().NewLiteral(e.ID(), types.Double(number)))
}

// rewriteCall rewrites the operands of what rules have, and refuses what they don't.
func (b *conditionBuilder) rewriteCall(e ast.Expr) {
	call := e.AsCall()
	name := call.FunctionName()
	switch name {
	case operators.Index:
		b.rewritePath(e)
		return
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Negate,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		operators.Equals, operators.NotEquals,
		operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional:
	case "abs", "min", "max":
		if call.IsMemberFunction() {
			b.faultAt(e, "write %s(x), not x.%s()", name, name)
			return
		}
		want := 2
		if name == "abs" {
			want = 1
		}
		if got := len(call.Args()); got != want {
			b.faultAt(e, "%s takes %s, not %d", name, counted(want, "argument"), got)
			return
		}
	default:
		if op, found := operators.FindReverse(name); found && op != "" {
			b.faultAt(e, "rules have no operator %s", op)
			return
		}
		b.faultAt(e, "unknown function %s; rules have abs(a), min(a, b) and max(a, b)", strings.Trim(name, "_@[]?"))
		return
	}
	for _, arg := range call.Args() {
		b.rewrite(arg)
	}
}

// rewritePath resolves a variable with all its fields and indexes.
func (b *conditionBuilder) rewritePath(e ast.Expr) {
	path, f := b.path(e)
	if f != nil {
		b.faults = append(b.faults, *f)
		return
	}
	v, f := b.names.resolve(path)
	if f != nil {
		b.faults = append(b.faults, *f)
		return
	}
	if known, ok := b.byName[v.name]; ok {
		v = known
	} else {
		b.byName[v.name] = v
		b.variables = append(b.variables, v)
	}
	b.byID[e.ID()] = v
	name := checkedNumber
	if v.isFlag() {
		name = checkedFlag
	}
	e.SetKindCase(ast.NewExprFactory().NewIdent(e.ID(), name))
}

// path takes a chain of fields and literal indexes apart, from its root.
func (b *conditionBuilder) path(e ast.Expr) ([]step, *fault) {
	switch e.Kind() {
	case ast.IdentKind:
		return []step{{name: e.AsIdent(), offset: b.offset(e)}}, nil
	case ast.SelectKind:
		sel := e.AsSelect()
		path, f := b.path(sel.Operand())
		return append(path, step{name: sel.FieldName(), offset: b.offset(e)}), f
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Index || len(call.Args()) != 2 {
			break
		}
		path, f := b.path(call.Args()[0])
		if f != nil {
			return nil, f
		}
		index := call.Args()[1]
		if index.Kind() == ast.LiteralKind {
			if name, ok := index.AsLiteral().(types.String); ok {
				return append(path, step{name: string(name), literal: true, offset: b.offset(index)}), nil
			}
		}
		return nil, &fault{msg: `an index is a name in quotes, as in segments["city"]`, offset: b.offset(index)}
	}
	return nil, &fault{msg: "only a variable has fields and indexes", offset: b.offset(e)}
}

// isFlag reports whether a node is true or false, after the types are checked.
func (b *conditionBuilder) isFlag(e ast.Expr) bool {
	return b.checked.GetType(e.ID()).IsExactType(cel.BoolType)
}

// clause builds a true-or-false node of the checked tree.
func (b *conditionBuilder) clause(e ast.Expr) *clause {
	switch e.Kind() {
	case ast.LiteralKind:
		return &clause{op: clauseLiteral, literal: truthOf(e.AsLiteral() == types.True)}
	case ast.IdentKind:
		return &clause{op: clauseFlag, flag: b.byID[e.ID()]}
	}
	call := e.AsCall()
	args := call.Args()
	ops := map[string]clauseOp{
		operators.LogicalAnd: clauseAnd, operators.LogicalOr: clauseOr, operators.LogicalNot: clauseNot,
		operators.Conditional: clauseChoose, operators.Equals: clauseSame, operators.NotEquals: clauseDiffer,
	}
	if op, ok := ops[call.FunctionName()]; ok && b.isFlag(args[len(args)-1]) {
		out := &clause{op: op}
		for _, arg := range args {
			out.args = append(out.args, b.clause(arg))
		}
		return out
	}
	cmp, _ := operators.FindReverse(call.FunctionName())
	out := &clause{op: clauseCompare, cmp: cmp, left: b.number(args[0]), right: b.number(args[1])}
	if msg := out.bindIntervals(); msg != "" {
		b.faultAt(e, "%s", msg)
	}
	return out
}

// number builds a numeric node of the checked tree.
func (b *conditionBuilder) number(e ast.Expr) *numeric {
	switch e.Kind() {
	case ast.LiteralKind:
		v, _ := e.AsLiteral().(types.Double)
		return &numeric{op: numLiteral, literal: float64(v)}
	case ast.IdentKind:
		return &numeric{op: numVariable, variable: b.byID[e.ID()]}
	}
	call := e.AsCall()
	args := call.Args()
	out := &numeric{op: map[string]numericOp{
		operators.Add: numAdd, operators.Subtract: numSubtract, operators.Multiply: numMultiply,
		operators.Divide: numDivide, operators.Negate: numNegate, operators.Conditional: numChoose,
		"abs": numAbs, "min": numMin, "max": numMax,
	}[call.FunctionName()]}
	if out.op == numChoose {
		out.cond = b.clause(args[0])
		args = args[1:]
	}
	for _, arg := range args {
		out.args = append(out.args, b.number(arg))
	}
	return out
}

// issueFaults turns cel-go's issues into faults with absolute offsets.
func issueFaults(when string, issues *cel.Issues, message func(string) string) []fault {
	var out []fault
	for _, issue := range issues.Errors() {
		out = append(out, fault{
			msg:    message(issue.Message),
			offset: absoluteOffset(when, issue.Location.Line(), issue.Location.Column()),
		})
	}
	if len(out) == 0 {
		out = append(out, fault{msg: message(issues.Err().Error())})
	}
	return out
}

// absoluteOffset counts the characters before a line, from 1, and column, from 0.
func absoluteOffset(when string, line, column int) int {
	offset := 0
	for i, text := range strings.SplitAfter(when, "\n") {
		if i+1 >= line {
			break
		}
		offset += utf8.RuneCountInString(text)
	}
	return max(0, min(offset+column, utf8.RuneCountInString(when)))
}

// syntaxMessage shortens a parser's message and hints at what is often meant.
func syntaxMessage(msg string) string {
	if strings.Contains(msg, "recursion") {
		return "the expression is too long or nests too deeply to parse; split the rule"
	}
	msg, _, _ = strings.Cut(msg, " expecting ")
	msg = strings.NewReplacer("Syntax error: ", "syntax error: ", "token recognition error at:", "unexpected",
		"mismatched input", "unexpected", "extraneous input", "unexpected", "'<EOF>'", "end of the expression").Replace(msg)
	for _, hint := range []struct{ word, instead string }{
		{"'and'", "&&"}, {"'or'", "||"}, {"'not'", "!"}, {"'= ", "=="}, {"'& ", "&&"}, {"'| ", "||"},
	} {
		if strings.Contains(msg, hint.word) {
			return msg + "; write " + hint.instead
		}
	}
	return msg
}

// typeMessage says in the terms of rules what the checker says in CEL's.
func typeMessage(msg string) string {
	m := regexp.MustCompile(`^found no matching overload for '(.+)' applied to '\((.*)\)'$`).FindStringSubmatch(msg)
	if m == nil {
		return strings.NewReplacer("expected type 'bool' but found 'double'", "a number stands where true-or-false is needed",
			"expected type 'double' but found 'bool'", "true-or-false stands where a number is needed").Replace(msg)
	}
	op := m[1]
	if symbol, ok := operators.FindReverse(op); ok {
		op = symbol
	}
	if m[1] == operators.Conditional {
		op = "? :"
	}
	operands := strings.NewReplacer("double", "a number", "bool", "true-or-false", ", ", " and ").Replace(m[2])
	return fmt.Sprintf("%s does not take %s", op, operands)
}
