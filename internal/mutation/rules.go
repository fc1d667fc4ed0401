package main

import (
	"fmt"
	"go/ast"
	"go/token"
)

// What is done to the code. Nothing is deleted where "false" does the same:
// what is no longer used would keep the mutant from compiling.
const (
	ruleNegate   = "condition negated"
	ruleSkip     = "check left out"
	rulePart     = "part of a condition left out"
	ruleLogic    = "and exchanged with or"
	ruleCompare  = "comparison exchanged"
	ruleError    = "error not returned"
	ruleResult   = "result negated"
	ruleConstant = "number off by one"
	ruleCall     = "call left out"
	ruleAssign   = "assignment left out"
	ruleCase     = "case left out"
)

// comparisons are exchanged with their neighbours: off by one, or the contrary.
func comparison(op token.Token) token.Token {
	switch op {
	case token.LSS:
		return token.LEQ
	case token.LEQ:
		return token.LSS
	case token.GTR:
		return token.GEQ
	case token.GEQ:
		return token.GTR
	case token.EQL:
		return token.NEQ
	case token.NEQ:
		return token.EQL
	}
	return token.ILLEGAL
}

// walk visits a node and all below it. The results are those of the function
// that the node is in.
func (f *finder) walk(root ast.Node, results *ast.FieldList) {
	ast.Inspect(root, func(n ast.Node) bool {
		if n == root {
			return true
		}
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				f.walk(n.Body, n.Type.Results)
			}
			return false
		case *ast.FuncLit:
			f.walk(n.Body, n.Type.Results)
			return false
		case *ast.ArrayType:
			return false // a length is part of a type
		}
		f.visit(n, results)
		return true
	})
	if body, ok := root.(*ast.BlockStmt); ok {
		f.statements(body.List)
	}
}

func (f *finder) visit(n ast.Node, results *ast.FieldList) {
	switch n := n.(type) {
	case *ast.IfStmt:
		f.condition(n.Cond)
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.ReturnStmt:
		f.returned(n, results)
	case *ast.BasicLit:
		f.number(n)
	case *ast.SwitchStmt:
		f.cases(n)
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
	case *ast.CommClause:
		f.statements(n.Body)
	}
}

func (f *finder) condition(cond ast.Expr) {
	f.replace(cond, ruleSkip, "false && ("+f.text(cond)+")")
	if b, ok := cond.(*ast.BinaryExpr); ok && (b.Op == token.EQL || b.Op == token.NEQ) {
		return // whose operator is exchanged
	}
	f.replace(cond, ruleNegate, "!("+f.text(cond)+")")
}

func (f *finder) binary(n *ast.BinaryExpr) {
	operator := func(rule string, with token.Token) {
		f.splice(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), rule, with.String())
	}
	switch n.Op {
	case token.LAND:
		operator(ruleLogic, token.LOR)
		f.part(n, "(true || (%s))")
	case token.LOR:
		operator(ruleLogic, token.LAND)
		f.part(n, "(false && (%s))")
	default:
		if with := comparison(n.Op); with != token.ILLEGAL {
			operator(ruleCompare, with)
		}
	}
}

// part takes the operands of a chain of conditions out, one at a time.
func (f *finder) part(n *ast.BinaryExpr, format string) {
	for _, operand := range []ast.Expr{n.X, n.Y} {
		if inner, ok := operand.(*ast.BinaryExpr); ok && inner.Op == n.Op {
			continue // whose own operands have their turn
		}
		f.replace(operand, rulePart, fmt.Sprintf(format, f.text(operand)))
	}
}

func (f *finder) returned(n *ast.ReturnStmt, results *ast.FieldList) {
	if results == nil || len(n.Results) == 0 || len(n.Results) != results.NumFields() {
		return
	}
	last := n.Results[len(n.Results)-1]
	kind, _ := results.List[len(results.List)-1].Type.(*ast.Ident)
	switch {
	case kind == nil || f.text(last) == "nil":
	case kind.Name == "error":
		head := string(f.source[f.file.Offset(n.Pos()):f.file.Offset(last.Pos())])
		f.replace(n, ruleError, "_ = "+f.text(last)+"; "+head+"nil")
	case kind.Name == "bool":
		f.replace(last, ruleResult, "!("+f.text(last)+")")
	}
}

func (f *finder) number(n *ast.BasicLit) {
	if n.Kind != token.INT {
		return
	}
	f.replace(n, ruleConstant, "("+n.Value+" + 1)")
	if n.Value != "0" {
		f.replace(n, ruleConstant, "("+n.Value+" - 1)")
	}
}

// cases takes the conditions of a switch without a tag out.
func (f *finder) cases(n *ast.SwitchStmt) {
	if n.Tag != nil {
		return
	}
	for _, clause := range n.Body.List {
		for _, cond := range clause.(*ast.CaseClause).List {
			f.replace(cond, ruleCase, "false && ("+f.text(cond)+")")
		}
	}
}

// statements leaves statements of a list out that nothing else needs for
// compiling.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if _, ok := s.X.(*ast.CallExpr); ok {
				f.leaveOut(s, ruleCall)
			}
		case *ast.DeferStmt, *ast.GoStmt:
			f.leaveOut(s, ruleCall)
		case *ast.IncDecStmt:
			f.leaveOut(s, ruleAssign)
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE && !allBlank(s.Lhs) {
				f.leaveOut(s, ruleAssign)
			}
		}
	}
}

func (f *finder) leaveOut(s ast.Stmt, rule string) { f.replace(s, rule, "if false { "+f.text(s)+" }") }

func allBlank(list []ast.Expr) bool {
	for _, e := range list {
		if id, ok := e.(*ast.Ident); !ok || id.Name != "_" {
			return false
		}
	}
	return true
}
