package join

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// bigCSV writes n predictions and labels; id gives the id of a row.
func bigCSV(n int, id func(i int) string, version func(i int) string) (preds, labels []byte) {
	var p, l bytes.Buffer
	p.WriteString("id,at,pred,version,city,x,color\n")
	l.WriteString("id,label,sold_at,loaded_at,op\n")
	at, loaded := hours(5).Format("2006-01-02T15:04:05Z"), hours(30).Format("2006-01-02T15:04:05Z")
	for i := range n {
		fmt.Fprintf(&p, "%s,%s,%d,%s,Oslo,1,red\n", id(i), at, i, version(i))
		fmt.Fprintf(&l, "%s,%d,,%s,\n", id(i), i, loaded)
	}
	return p.Bytes(), l.Bytes()
}

// joinFolder joins two CSV files in a new folder.
func joinFolder(t *testing.T, preds, labels []byte, opt Options) (groundtruth.Result, *recorder, error) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "p.csv"), preds, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "l.csv"), labels, 0o600))
	opt.ReadLabels = true
	res, sinks, err := Join(context.Background(), objstore.NewOpener(""), testSpec(dir+"/p.csv", dir+"/l.csv"), groundtruth.Window{Start: day0(), End: hours(24)}, hours(48), opt, newRecorder)
	return res, mergeRecorders(sinks), err
}

// TestJoinMemoryIsBounded joins data many times larger than its memory, plain and
// hostile, and looks at the peak of what was held.
func TestJoinMemoryIsBounded(t *testing.T) {
	const rows, limit, workers = 40_000, 1 << 20, 2
	for _, tc := range []struct {
		name        string
		id, version func(int) string
		unique      int64
	}{
		{"all ids differ", func(i int) string { return fmt.Sprint(i) }, func(int) string { return "v1" }, rows},
		{"each id twice", func(i int) string { return fmt.Sprint(i % (rows / 2)) }, func(int) string { return "v1" }, rows / 2},
		{"one id", func(int) string { return "a" }, func(int) string { return "v1" }, 1},
		{"one id of many versions", func(int) string { return "a" }, func(i int) string { return fmt.Sprint(i % 4000) }, 4000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spill := t.TempDir()
			preds, labels := bigCSV(rows, tc.id, tc.version)
			opt := Options{Limits: groundtruth.Limits{Workers: workers, SpillDir: spill}}
			opt.hooks.memory = limit
			var peak, left, recordBytes int64
			opt.hooks.done = func(j *joiner) {
				peak = j.mem.peak.Load()
				left = j.mem.tables.Load()
				recordBytes = int64(j.layout.size[predictionRecords] + j.layout.size[labelRecords])
			}
			res, recorded, err := joinFolder(t, preds, labels, opt)
			must(t, err)
			if res.Coverage.Predictions != tc.unique || res.Coverage.Matched != tc.unique || res.Coverage.DuplicatePredictions != rows-tc.unique {
				t.Errorf("coverage %+v, want %d unique predictions, all matched", res.Coverage, tc.unique)
			}
			if sum := int64(len(recorded.matches)); sum != tc.unique {
				t.Errorf("%d different matches, want %d", sum, tc.unique)
			}
			// Beyond the limit: slabs for sizes of blocks that were not given back, and the
			// bitmap of duplicates.
			slack := int64(2*workers*maxBlock) + (rows/rowPageBits+1)*rowPageBits/8
			if peak > limit+slack {
				t.Errorf("held %d bytes, want at most %d", peak, limit+slack)
			}
			if res.SpilledBytes < rows*recordBytes/2 {
				t.Errorf("spilled %d bytes of %d rows, want most of them", res.SpilledBytes, rows)
			}
			if left != 0 {
				t.Errorf("%d bytes of tables are still counted", left)
			}
			noSpillLeft(t, spill)
		})
	}
}

// TestJoinHostileIDs joins ids that were chosen to fall into one partition. It takes
// the memory that others take, and each record is written a few times at most: once by
// the scan, and once for each four further bits that make partitions small enough.
func TestJoinHostileIDs(t *testing.T) {
	const rows, limit, workers = 10_000, 1 << 20, 2
	ids := make([]string, 0, rows)
	for i := 0; len(ids) < rows; i++ {
		if id := fmt.Sprint(i); xxh3.HashString128(id).Hi>>(64-splitRadix-3) == 0 {
			ids = append(ids, id)
		}
	}
	preds, labels := bigCSV(rows, func(i int) string { return ids[i] }, func(int) string { return "v1" })
	opt := Options{Limits: groundtruth.Limits{Workers: workers, SpillDir: t.TempDir()}}
	opt.hooks.memory = limit
	var peak, all int64
	opt.hooks.done = func(j *joiner) {
		peak = j.mem.peak.Load()
		all = rows * int64(j.layout.size[predictionRecords]+j.layout.size[labelRecords])
	}
	res, recorded, err := joinFolder(t, preds, labels, opt)
	must(t, err)
	if res.Coverage.Predictions != rows || res.Coverage.Matched != rows || len(recorded.matches) != rows {
		t.Errorf("coverage %+v and %d matches, want %d", res.Coverage, len(recorded.matches), rows)
	}
	if peak > limit+2*workers*maxBlock {
		t.Errorf("held %d bytes, want at most %d", peak, limit)
	}
	if res.SpilledBytes > 3*all {
		t.Errorf("spilled %d bytes of %d, want each a few times at most", res.SpilledBytes, all)
	}
}

func TestJoinTooManyDistinctSegments(t *testing.T) {
	preds, labels := bigCSV(3000, func(i int) string { return fmt.Sprint(i) }, func(i int) string { return strings.Repeat("v", 300) + fmt.Sprint(i) })
	_, _, err := joinFolder(t, preds, labels, Options{Limits: groundtruth.Limits{MemoryBytes: 1 << 20, SpillDir: t.TempDir()}})
	if err == nil || !strings.Contains(err.Error(), `column "version" has more than`) || !strings.Contains(err.Error(), "--memory") {
		t.Errorf("error %v, want one that names the column and what to do", err)
	}
}

// fullDisk is a spill file on a disk with room for so many bytes.
type fullDisk struct {
	*os.File
	room int
}

func (d *fullDisk) WriteAt(b []byte, off int64) (int, error) {
	if int(off)+len(b) > d.room {
		n, _ := d.File.WriteAt(b[:max(d.room-int(off), 0)], off)
		return n, &os.PathError{Op: "write", Path: d.Name(), Err: syscall.ENOSPC}
	}
	return d.File.WriteAt(b, off)
}

func TestJoinDiskFullWhileSpilling(t *testing.T) {
	preds, labels := bigCSV(5000, func(i int) string { return fmt.Sprint(i) }, func(int) string { return "v1" })
	for _, room := range []int{0, 10_000, 200_000} {
		t.Run(fmt.Sprint(room), func(t *testing.T) {
			spill := t.TempDir()
			opt := Options{Limits: groundtruth.Limits{MemoryBytes: 64 << 10, Workers: 2, SpillDir: spill}}
			opt.hooks.createSpill = func(path string) (spillFile, error) {
				f, err := os.Create(path)
				return &fullDisk{f, room}, err
			}
			_, _, err := joinFolder(t, preds, labels, opt)
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("error %v, want ENOSPC", err)
			}
			for _, want := range []string{"spill join to " + spill, "no space left on device", "--spill-dir", "--memory"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			noSpillLeft(t, spill)
		})
	}
}

func TestJoinSpillFolderCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	preds, labels := bigCSV(3000, func(i int) string { return fmt.Sprint(i) }, func(int) string { return "v1" })
	_, _, err := joinFolder(t, preds, labels, Options{Limits: groundtruth.Limits{MemoryBytes: 64 << 10, SpillDir: filepath.Join(file, "below")}})
	if err == nil || !strings.Contains(err.Error(), "--spill-dir") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}

func TestJoinCancelledLeavesNothing(t *testing.T) {
	preds, labels := bigCSV(20_000, func(i int) string { return fmt.Sprint(i) }, func(int) string { return "v1" })
	spill, dir := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "p.csv"), preds, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "l.csv"), labels, 0o600))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opt := Options{ReadLabels: true, Limits: groundtruth.Limits{MemoryBytes: 64 << 10, Workers: 2, SpillDir: spill}}
	opt.hooks.scanned = cancel
	_, _, err := Join(ctx, objstore.NewOpener(""), testSpec(dir+"/p.csv", dir+"/l.csv"), groundtruth.Window{Start: day0(), End: hours(24)}, hours(48), opt, newRecorder)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	noSpillLeft(t, spill)
}

// TestSpillSweepsWhatKilledProcessesLeft kills a real process that spills.
func TestSpillSweepsWhatKilledProcessesLeft(t *testing.T) {
	const child = "GROUNDTRUTH_TEST_SPILL_DIR"
	log := slog.New(slog.DiscardHandler)
	if dir := os.Getenv(child); dir != "" {
		s := newSpillStore(dir, log, nil)
		if _, err := s.newLog().write([][]byte{[]byte("records")}); err != nil {
			t.Fatal(err)
		}
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, os.Stdin) // Until it is killed.
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestSpillSweepsWhatKilledProcessesLeft$")
	cmd.Env = append(os.Environ(), child+"="+dir)
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	buf := make([]byte, 5)
	_, err = io.ReadFull(stdout, buf)
	must(t, err)

	folders := func() int {
		found, err := filepath.Glob(filepath.Join(dir, spillPrefix+"*"))
		must(t, err)
		return len(found)
	}
	must(t, os.Mkdir(filepath.Join(dir, spillPrefix+"not-yet-locked"), 0o700))
	must(t, os.Mkdir(filepath.Join(dir, "someone-elses"), 0o700))
	own := newSpillStore(dir, log, nil)
	records := own.newLog()
	_, err = records.write([][]byte{[]byte("mine")})
	must(t, err)
	newSpillStore(dir, log, nil)
	if n := folders(); n != 2 {
		t.Errorf("%d spill folders, want those of the two that live", n)
	}
	must(t, cmd.Process.Kill())
	_ = stdin.Close()
	if err := cmd.Wait(); err == nil {
		t.Error("the process was not killed")
	}
	newSpillStore(dir, log, nil)
	if n := folders(); n != 1 {
		t.Errorf("%d spill folders after the kill, want our own", n)
	}
	b := make([]byte, 4)
	if err := records.read(b, 0); err != nil || string(b) != "mine" {
		t.Errorf("our own spill: %q, %v", b, err)
	}
	must(t, own.close())
	noSpillLeft(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "someone-elses")); err != nil {
		t.Error(err)
	}
}

func TestHashBits(t *testing.T) {
	h := idHash{hi: 0x0123, lo: 0xfedcba9876543210}
	digits := "0123fedcba9876543210"
	for off := uint(0); off < hashBits; off += 4 {
		if got := fmt.Sprintf("%x", h.bits(off, 4)); got != digits[off/4:off/4+1] {
			t.Errorf("bits at %d are %s, want %s", off, got, digits[off/4:off/4+1])
		}
	}
	if got := h.bits(12, 8); got != 0x3f {
		t.Errorf("bits over the middle are %x", got)
	}
}

// TestJoinMemoryOfManyScores joins records of 8 KB, which are those of a thousand classes.
func TestJoinMemoryOfManyScores(t *testing.T) {
	const rows, scores, limit, workers = 3000, 1000, 4 << 20, 2
	var p, l bytes.Buffer
	p.WriteString("id,at,version,city,x,color")
	spec := testSpec("", "")
	spec.Task, spec.PredictionColumns.Prediction = groundtruth.Multiclass, ""
	for k := range scores {
		fmt.Fprintf(&p, ",p%d", k)
		spec.PredictionColumns.Scores = append(spec.PredictionColumns.Scores, groundtruth.ClassScore{Class: fmt.Sprint(k), Column: fmt.Sprintf("p%d", k)})
	}
	l.WriteString("id,label,sold_at,loaded_at,op\n")
	at, loaded := hours(5).Format("2006-01-02T15:04:05Z"), hours(30).Format("2006-01-02T15:04:05Z")
	for i := range rows {
		fmt.Fprintf(&p, "\n%d,%s,v1,Oslo,1,red%s,0.5%s", i%(rows-10), at, strings.Repeat(",0", i%scores), strings.Repeat(",0.25", scores-1-i%scores))
		fmt.Fprintf(&l, "%d,%d,,%s,\n", i, i%scores, loaded)
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "p.csv"), p.Bytes(), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "l.csv"), l.Bytes(), 0o600))
	spec.Predictions.URL, spec.Labels.URL = dir+"/p.csv", dir+"/l.csv"
	for _, entity := range []string{"", "id"} {
		spec.PredictionColumns.Entity = entity
		opt := Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: workers, SpillDir: dir}}
		opt.hooks.memory = limit
		var peak int64
		opt.hooks.done = func(j *joiner) { peak = j.mem.peak.Load() }
		res, sinks, err := Join(context.Background(), objstore.NewOpener(""), spec, groundtruth.Window{Start: day0(), End: hours(24)}, hours(48), opt, func() *scoreRecorder { return &scoreRecorder{} })
		must(t, err)
		var all scoreRecorder
		for _, s := range sinks {
			all.right += s.right
			all.most = max(all.most, s.most)
		}
		if c := res.Coverage; c.Predictions != rows-10 || c.Matched != rows-10 || c.DuplicatePredictions != 10 || all.right != rows-20 { // the later one of a duplicate is of another class
			t.Errorf("coverage %+v, and %d matches are right, want %d", c, all.right, rows-20)
		}
		if peak > limit+2*workers*maxBlock {
			t.Errorf("held %d bytes, want at most %d", peak, limit)
		}
		if res.SpilledBytes < rows*scores*valueBytes/2 {
			t.Errorf("spilled %d bytes, want most rows", res.SpilledBytes)
		}
		if all.most > matchBytes/valueBytes/scores {
			t.Errorf("%d matches were sent at once, want fewer", all.most)
		}
	}
}

// scoreRecorder is a Sink that counts the matches whose greatest score is that of their label.
type scoreRecorder struct{ right, most int }

func (r *scoreRecorder) AddPredictions(*groundtruth.Batch) {}
func (r *scoreRecorder) ResetPredictions()                 {}
func (r *scoreRecorder) AddMatches(m *groundtruth.Matches) {
	r.most = max(r.most, m.Len)
	for i := range m.Len {
		class, label := columnText(m.Class, i), columnText(m.LabelClass, i)
		k, err := strconv.Atoi(strings.Trim(class, `"`))
		if err == nil && class == label && m.Scores[k][i] == 0.5 && (k == 0 || m.Scores[k-1][i] == 0) {
			r.right++
		}
	}
}

// TestFewerPartitionsOfWideRecords makes so few that a block of each, which holds a record at
// least, leaves memory for rows.
func TestFewerPartitionsOfWideRecords(t *testing.T) {
	const rows, memory, workers = 1 << 30, 256 << 20, 2
	for _, c := range []struct {
		numbers int
		bits    uint
	}{{0, maxRadix}, {10, maxRadix}, {1000, 10}, {10_000, 6}} {
		layout := newRecordLayout(layoutOptions{hasTime: true, objects: 3, numbers: c.numbers})
		if bits := radixFor(rows, memory, workers, layout); bits != c.bits {
			t.Errorf("%d bits choose a partition of records with %d numbers, want %d", bits, c.numbers, c.bits)
		}
	}
}
