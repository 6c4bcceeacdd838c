package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/rogpeppe/go-internal/testscript"
)

// nowVariable sets the clock of the hindcast of the scripts; time stands still there.
const nowVariable = "HINDCAST_TEST_NOW"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hindcast": func() {
		clock := time.Now
		if text, ok := os.LookupEnv(nowVariable); ok {
			now, err := time.Parse(time.RFC3339, text)
			if err != nil {
				panic(err)
			}
			clock = func() time.Time { return now }
		}
		os.Exit(withoutBlanks(func() int { return realMain(clock) }))
	}})
}

// blanksStatus is the exit status of a hindcast of the scripts some line of whose output ends in a
// blank: no command's does.
const blanksStatus = 99

// withoutBlanks runs a command, and returns blanksStatus where a line of its standard output ends
// in a blank.
func withoutBlanks(command func() int) int {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	var text bytes.Buffer
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.MultiWriter(stdout, &text), r)
		copied <- err
	}()
	status := command()
	if err := errors.Join(w.Close(), <-copied); err != nil {
		panic(err)
	}
	if line := regexp.MustCompile(`(?m)^.*[ \t]$`).FindString(text.String()); line != "" {
		fmt.Fprintf(os.Stderr, "a line of the output ends in a blank: %q\n", line)
		return blanksStatus
	}
	return status
}

// baseConfig is the hindcast.yaml of a script that has none. Its model judges days of
// January 2026, of which the scripts say when it is.
const baseConfig = `version: 1
state: {url: ./state}
models:
  - name: house
    task: regression
    predictions:
      url: ./predictions/dt={date}/*
      columns: {id: id, timestamp: ts, prediction: pred, model_version: version}
    ground_truth:
      url: ./labels/dt={date}/*
      columns: {id: id, label: y, timestamp: sold, ingested_at: loaded}
      delay: 2d
    reference: {url: ./reference/*.csv}
    drift: {method: ks, threshold: 0.3}
    rules:
      - {name: rmse, when: rmse > 1.5 * reference.rmse, min_samples: 50, action: retrain}
      - {name: drift, when: drift.share >= 0.5, min_samples: 50}
`

func TestScripts(t *testing.T) { testscript.Run(t, scripts("testdata/script")) }

// scripts returns how the scripts of a folder are run.
func scripts(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(nowVariable, "2026-01-07T03:00:00Z") // day 4 is mature, day 6 closed
			env.Setenv("TMPDIR", env.WorkDir)
			path := filepath.Join(env.WorkDir, "hindcast.yaml")
			if _, err := os.Stat(path); err == nil {
				return nil
			}
			return os.WriteFile(path, []byte(baseConfig), 0o600)
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"logs": logsCommand, "customers": customersCommand, "reference": referenceCommand, "parquet": parquetCommand, "truncate": truncateCommand,
			"edit": editCommand, "status": statusCommand, "objects": objectsCommand, "jq": jqCommand, "get": getCommand, "quarters": quartersCommand,
		},
	}
}

// house is a row of the logs that the scripts' commands write.
type house struct {
	ID      string  `parquet:"id"`
	TS      string  `parquet:"ts"`
	X       float64 `parquet:"x"`
	Pred    float64 `parquet:"pred"`
	Version string  `parquet:"version"`

	y float64
}

const scriptRows = 240

// houses draws a day's log. good is like the reference, wrong has three times its
// error, and drifted has another x. weekly is good on working days, and on weekends has
// another x and twice the error.
func houses(day int, kind string) ([]house, error) {
	noise, shift := 1.0, 0.0
	switch kind {
	case "good":
	case "wrong":
		noise = 3
	case "drifted":
		shift = 3
	case "weekly":
		if at := time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC).Weekday(); at == time.Saturday || at == time.Sunday {
			noise, shift = 2, 1
		}
	default:
		return nil, fmt.Errorf("unknown kind of day %q", kind)
	}
	rng := rand.New(rand.NewPCG(uint64(day), 11))
	out := make([]house, scriptRows)
	for i := range out {
		h := &out[i]
		at := time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 24 * time.Hour / scriptRows)
		h.ID, h.TS, h.Version = fmt.Sprintf("h%02d-%03d", day, i), at.Format(time.RFC3339), "v1"
		h.X = shift + rng.NormFloat64()
		h.Pred = 10 + h.X
		h.y = h.Pred + noise*rng.NormFloat64()
	}
	return out, nil
}

func dateOf(day int) string {
	return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// logsCommand is: logs DAY KIND..., the days from that one on, as CSV.
func logsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: logs DAY KIND...")
	}
	first, err := strconv.Atoi(args[0])
	ts.Check(err)
	for n, kind := range args[1:] {
		files, err := logs(first+n, kind)
		ts.Check(err)
		for name, text := range files {
			write(ts, name, text)
		}
	}
}

// logs returns the files of a day's log, by their names.
func logs(day int, kind string) (map[string]string, error) {
	rows, err := houses(day, kind)
	predictions, labels := "id,ts,x,pred,version\n", "id,y,sold,loaded\n"
	for _, h := range rows {
		predictions += fmt.Sprintf("%s,%s,%v,%v,%s\n", h.ID, h.TS, h.X, h.Pred, h.Version)
		labels += fmt.Sprintf("%s,%v,%sT23:59:59Z,%sT12:00:00Z\n", h.ID, h.y, dateOf(day), dateOf(day+1))
	}
	return map[string]string{
		fmt.Sprintf("predictions/dt=%s/part.csv", dateOf(day)): predictions,
		fmt.Sprintf("labels/dt=%s/part.csv", dateOf(day+1)):    labels,
	}, err
}

// referenceCommand does `reference [DAYS [KIND]]` of a script: it writes the rows of the
// reference, of two days where it isn't told how many. Of a kind of days they have times.
func referenceCommand(ts *testscript.TestScript, _ bool, args []string) {
	days := referenceDays
	if len(args) > 0 {
		var err error
		days, err = strconv.Atoi(args[0])
		ts.Check(err)
	}
	text, err := reference(days)
	if len(args) > 1 {
		text, err = timedReference(days, args[1])
	}
	ts.Check(err)
	write(ts, referenceFile, text)
}

const (
	referenceFile = "reference/rows.csv"
	referenceDays = 2
)

// reference returns the rows of a reference of good days.
func reference(days int) (string, error) {
	text := "id,x,pred,y\n"
	for day := -days; day < 0; day++ {
		rows, err := houses(day, "good")
		if err != nil {
			return "", err
		}
		for _, h := range rows {
			text += fmt.Sprintf("%s,%v,%v,%v\n", h.ID, h.X, h.Pred, h.y)
		}
	}
	return text, nil
}

// timedReference returns the rows of a reference of days of a kind, with their times.
func timedReference(days int, kind string) (string, error) {
	text := "id,ts,x,pred,y\n"
	for day := -days; day < 0; day++ {
		rows, err := houses(day, kind)
		if err != nil {
			return "", err
		}
		for _, h := range rows {
			text += fmt.Sprintf("%s,%s,%v,%v,%v\n", h.ID, h.TS, h.X, h.Pred, h.y)
		}
	}
	return text, nil
}

// parquetCommand does `parquet DAY FILE [lz4]`: it writes a good day's predictions as Parquet,
// compressed or not.
func parquetCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 && (len(args) != 3 || args[2] != "lz4") {
		ts.Fatalf("usage: parquet DAY FILE [lz4]")
	}
	var options []parquet.WriterOption
	if len(args) == 3 {
		options = append(options, parquet.Compression(&parquet.Lz4Raw))
	}
	day, err := strconv.Atoi(args[0])
	ts.Check(err)
	rows, err := houses(day, "good")
	ts.Check(err)
	path := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(parquet.WriteFile(path, rows, options...))
}

// quartersCommand is: quarters ZONE DATE..., the logs of days of a zone, a prediction every
// quarter of an hour, in folders by the date and hour of the zone. A day's labels come
// with it, in a folder of the date.
func quartersCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: quarters ZONE DATE...")
	}
	zone, err := time.LoadLocation(args[0])
	ts.Check(err)
	for _, date := range args[1:] {
		start, err := time.ParseInLocation(time.DateOnly, date, zone)
		ts.Check(err)
		files := map[string]string{"labels/dt=" + date + "/part.csv": "id,y\n"}
		for at := start; at.Before(start.AddDate(0, 0, 1)); at = at.Add(15 * time.Minute) {
			name, id := at.Format("predictions/dt=2006-01-02/hour=15/part.csv"), strconv.FormatInt(at.Unix(), 10)
			if files[name] == "" {
				files[name] = "id,ts,pred\n"
			}
			files[name] += id + "," + at.UTC().Format(time.RFC3339) + ",10\n"
			files["labels/dt="+date+"/part.csv"] += id + ",11\n"
		}
		for name, text := range files {
			write(ts, name, text)
		}
	}
}

// truncateCommand does `truncate FILE BYTES`: it leaves so many bytes of a file.
func truncateCommand(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// editCommand does `edit FILE OLD NEW`: it replaces every OLD, which must be there; \n in
// them begins a line.
func editCommand(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	lines := strings.NewReplacer(`\n`, "\n")
	old := lines.Replace(args[1])
	if !strings.Contains(text, old) {
		ts.Fatalf("%s does not hold %q", args[0], old)
	}
	write(ts, args[0], strings.ReplaceAll(text, old, lines.Replace(args[2])))
}

func write(ts *testscript.TestScript, name, text string) {
	path := ts.MkAbs(name)
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, []byte(text), 0o600))
}

// statusCommand is: status CODE hindcast ARGS..., which must end with that status and
// without a panic. Its output is for stdout, stderr and jq.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND ARGS...")
	}
	err := ts.Exec(args[1], args[2:]...)
	var exit interface{ ExitCode() int }
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("%s ended with %d, want %s", strings.Join(args[1:], " "), code, args[0])
	}
	if strings.Contains(ts.ReadFile("stderr"), "goroutine ") {
		ts.Fatalf("it crashed")
	}
}

// objectsCommand is: objects DIR COUNT, the files below a folder, which may be missing.
func objectsCommand(ts *testscript.TestScript, _ bool, args []string) {
	count := 0
	err := filepath.WalkDir(ts.MkAbs(args[0]), func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			count++
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	})
	ts.Check(err)
	if strconv.Itoa(count) != args[1] {
		ts.Fatalf("%d files in %s, want %s", count, args[0], args[1])
	}
}

// jqCommand is: jq PATH REGEXP, a value of the JSON on stdout, such as
// 0.decision.action, as JSON.
func jqCommand(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for _, part := range strings.Split(args[0], ".") {
		switch node := v.(type) {
		case []any:
			i, err := strconv.Atoi(part)
			ts.Check(err)
			if i >= len(node) {
				if neg {
					return
				}
				ts.Fatalf("%s: no element %d of %d", args[0], i, len(node))
			}
			v = node[i]
		case map[string]any:
			var ok bool
			if v, ok = node[part]; !ok {
				if neg {
					return
				}
				ts.Fatalf("%s: no key %s", args[0], part)
			}
		default:
			ts.Fatalf("%s: %T at %s", args[0], v, part)
		}
	}
	data, err := json.Marshal(v)
	ts.Check(err)
	if matched := regexp.MustCompile(`^(?:` + args[1] + `)$`).Match(data); matched == neg {
		ts.Fatalf("%s is %s, which is not wanted beside %s", args[0], data, args[1])
	}
}

// getCommand is: get LOG PATH CODE REGEXP, a request to the address that a serving
// hindcast wrote to its log, which it waits for.
func getCommand(ts *testscript.TestScript, _ bool, args []string) {
	address := ""
	deadline := time.Now().Add(20 * time.Second)
	for address == "" {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if m := regexp.MustCompile(`msg=serving address=(\S+)`).FindSubmatch(data); err == nil && m != nil {
			address = string(m[1])
		} else if time.Now().After(deadline) {
			ts.Fatalf("no address in %s: %q, %v", args[0], data, err)
		} else {
			time.Sleep(20 * time.Millisecond)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+args[1], http.NoBody)
	ts.Check(err)
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	body, err := io.ReadAll(resp.Body)
	ts.Check(errors.Join(err, resp.Body.Close()))
	if strconv.Itoa(resp.StatusCode) != args[2] || !regexp.MustCompile(args[3]).Match(body) {
		ts.Fatalf("%s: %s: %s", args[1], resp.Status, body)
	}
}
