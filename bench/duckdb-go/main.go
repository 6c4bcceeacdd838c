// Command duckdb-go runs the benchmark's SQL by DuckDB's Go driver:
// duckdb-go [-set NAME=TEXT]... FILE. The rows of the last statement are printed as JSON.
//
// It is a module of its own: the driver needs cgo, and hindcast has none.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "duckdb-go:", err)
		os.Exit(1)
	}
}

// run runs the script that the arguments name and prints its last rows.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("duckdb-go", flag.ContinueOnError)
	settings := []string{"SET threads = 2", "SET preserve_insertion_order = false"}
	flags.Func("set", "a variable, NAME=TEXT", func(pair string) error {
		name, text, ok := strings.Cut(pair, "=")
		if !ok {
			return errors.New("want NAME=TEXT")
		}
		settings = append(settings, fmt.Sprintf("SET VARIABLE %s = '%s'", name, strings.ReplaceAll(text, "'", "''")))
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("want one file")
	}
	script, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("read the script: %w", err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return fmt.Errorf("open DuckDB: %w", err)
	}
	defer func() { _ = db.Close() }()
	con, err := db.Conn(ctx) // variables and temporary tables belong to a connection
	if err != nil {
		return fmt.Errorf("open DuckDB: %w", err)
	}
	defer func() { _ = con.Close() }()
	for _, s := range settings {
		if _, err := con.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	rows, err := con.QueryContext(ctx, string(script))
	if err != nil {
		return fmt.Errorf("run %s: %w", flags.Arg(0), err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	var all []map[string]any
	for rows.Next() {
		values, to := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
		row := make(map[string]any, len(names))
		for i, name := range names {
			row[name] = values[i]
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", " ")
	return e.Encode(all)
}
