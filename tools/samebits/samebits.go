// Package main is an analyzer that keeps out of Go code what gives other bits on another
// processor. Where a processor has a fused multiply-add, the compiler may leave out the
// rounding of a product that is added to something; it does so across statements and
// inlined functions, unless the product is converted to its own type. And functions of
// package math differ by processor, for some are written in assembly and others are
// compiled with fused products.
//
// It is run by "go vet -vettool".
package main

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/analysis/unitchecker"
	"golang.org/x/tools/go/ast/inspector"
)

func main() { unitchecker.Main(analyzer()) }

func analyzer() *analysis.Analyzer {
	return &analysis.Analyzer{
		Name: "samebits",
		Doc: "report what gives other bits on another processor\n\n" +
			"A product is rounded where it stands: it is converted to its type, as in float64(x*y) + z, " +
			"unless it goes into nothing but a product, a quotient, a comparison, another type or a function of math. " +
			"Functions of math whose results depend on the processor are not called.",
		Requires: []*analysis.Analyzer{inspect.Analyzer},
		Run:      run,
	}
}

func run(pass *analysis.Pass) (any, error) {
	in, ok := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	if !ok {
		return nil, errors.New("the inspect analyzer gave no inspector")
	}
	nodes := []ast.Node{(*ast.BinaryExpr)(nil), (*ast.AssignStmt)(nil), (*ast.SelectorExpr)(nil), (*ast.ImportSpec)(nil)}
	for cursor := range in.Root().Preorder(nodes...) {
		node := cursor.Node()
		if strings.HasSuffix(pass.Fset.Position(node.Pos()).Filename, "_test.go") {
			continue
		}
		switch n := node.(type) {
		case *ast.BinaryExpr:
			if isProduct(pass.TypesInfo, n.X, n.Op, n.Y) && !constantExpr(pass.TypesInfo, n) && !rounded(pass.TypesInfo, cursor) {
				pass.Reportf(n.OpPos, "this product may be fused with what it is added to: convert it, as in float64(x*y)")
			}
		case *ast.AssignStmt:
			op := map[token.Token]token.Token{token.MUL_ASSIGN: token.MUL, token.QUO_ASSIGN: token.QUO}[n.Tok]
			if op != 0 && isProduct(pass.TypesInfo, n.Lhs[0], op, n.Rhs[0]) {
				pass.Reportf(n.TokPos, "this product may be fused with what it is added to: write x = float64(x*y)")
			}
		case *ast.SelectorExpr:
			f, ok := pass.TypesInfo.Uses[n.Sel].(*types.Func)
			if ok && f.Pkg() != nil && f.Pkg().Path() == "math" && !exactFunction(f.Name()) {
				pass.Reportf(n.Pos(), "math.%s depends on the processor: take a function of evaluator/portable", f.Name())
			}
		case *ast.ImportSpec:
			path, err := strconv.Unquote(n.Path.Value)
			if err == nil && (path == "math/cmplx" || strings.HasPrefix(path, "gonum.org/")) {
				pass.Reportf(n.Pos(), "what %s computes depends on the processor", path)
			}
		}
	}
	return nil, nil
}

// isProduct reports whether the compiler may make a floating-point product of it; it
// does of a quotient by a constant power of two.
func isProduct(info *types.Info, x ast.Expr, op token.Token, y ast.Expr) bool {
	t, ok := info.TypeOf(x).Underlying().(*types.Basic)
	if !ok || t.Info()&types.IsFloat == 0 {
		return false
	}
	if op == token.QUO {
		value := info.Types[y].Value
		if value == nil {
			return false
		}
		f, _ := constant.Float64Val(constant.ToFloat(value))
		fraction, _ := math.Frexp(math.Abs(f))
		return fraction == 0.5
	}
	return op == token.MUL
}

// constantExpr reports whether the compiler knows the value.
func constantExpr(info *types.Info, e ast.Expr) bool { return info.Types[e].Value != nil }

// rounded reports whether what the product at the cursor goes into takes it rounded.
func rounded(info *types.Info, cursor inspector.Cursor) bool {
	for parent := cursor.Parent(); ; parent = parent.Parent() {
		switch n := parent.Node().(type) {
		case *ast.ParenExpr:
			continue
		case *ast.UnaryExpr:
			continue // A sign is all that it changes.
		case *ast.BinaryExpr:
			switch n.Op {
			case token.MUL, token.QUO, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
				return true
			}
			return false
		case *ast.CallExpr:
			return info.Types[n.Fun].IsType() || roundsArguments(info, n.Fun)
		default:
			return false
		}
	}
}

// roundsArguments reports whether the function is one of package math, whose arguments
// nothing is added to before they are rounded, or the least or the greatest of some values.
func roundsArguments(info *types.Info, fun ast.Expr) bool {
	switch f := ast.Unparen(fun).(type) {
	case *ast.Ident:
		b, ok := info.Uses[f].(*types.Builtin)
		return ok && (b.Name() == "min" || b.Name() == "max")
	case *ast.SelectorExpr:
		o, ok := info.Uses[f.Sel].(*types.Func)
		return ok && o.Pkg() != nil && o.Pkg().Path() == "math"
	}
	return false
}

// exactFunction reports whether the function of math gives the one right result on every
// processor: it takes numbers apart, looks them up, or rounds as IEEE 754 says.
func exactFunction(name string) bool {
	switch name {
	case "Abs", "Ceil", "Copysign", "FMA", "Float32bits", "Float32frombits", "Float64bits", "Float64frombits",
		"Floor", "Frexp", "Inf", "IsInf", "IsNaN", "Ldexp", "Max", "Min", "Mod", "Modf", "NaN", "Nextafter",
		"Nextafter32", "Pow10", "Round", "RoundToEven", "Signbit", "Sqrt", "Trunc":
		return true
	}
	return false
}
