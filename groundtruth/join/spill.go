package join

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// spillPrefix begins the name of every spill folder; the process id and a random
// part follow.
const spillPrefix = "hindcast-join-"

// lockName is the file in a spill folder that its process holds a lock on. The
// lock goes with the process, however it ends, so a folder whose lock is free was
// left by a process that was killed. (The process id in the name is for people:
// in containers many processes are number 1.)
const lockName = "lock"

// spillFile is what a spillLog needs of a file; tests have files that fail.
type spillFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// spillStore is a temporary folder for the records that memory has no room for. It
// is made when the first record is spilled and removed by close.
type spillStore struct {
	dir    string
	log    *slog.Logger
	create func(path string) (spillFile, error)

	mu     sync.Mutex
	folder string
	lock   *os.File
	files  []spillFile
	size   int64 // of all files
}

// spillLog is a file of a spillStore that one goroutine writes, so that none waits
// for another's.
type spillLog struct {
	store    *spillStore
	file     spillFile // nil before the first write
	size     int64
	gathered []byte // small blocks, until they are worth a write
}

// gatherBytes is how much a spillLog writes at a time.
const gatherBytes = 256 << 10

// newSpillStore returns a store in dir, the system's temporary folder when empty,
// and removes what killed processes left there. create may be nil.
func newSpillStore(dir string, log *slog.Logger, create func(string) (spillFile, error)) *spillStore {
	if dir == "" {
		dir = os.TempDir()
	}
	if create == nil {
		create = func(path string) (spillFile, error) {
			return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		}
	}
	s := &spillStore{dir: dir, log: log, create: create}
	s.sweep()
	return s
}

// sweep removes the spill folders of processes that are gone. What cannot be
// removed, or whose owner cannot be told, stays.
func (s *spillStore) sweep() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return // The folder is not there yet; open says so if it cannot be made.
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), spillPrefix) {
			continue
		}
		folder := filepath.Join(s.dir, e.Name())
		lock, err := os.OpenFile(filepath.Join(folder, lockName), os.O_RDWR, 0)
		if errors.Is(err, os.ErrNotExist) {
			// Killed before it made the lock; only an empty folder is removed, and
			// a process that is making one starts over.
			_ = os.Remove(folder)
			continue
		}
		if err != nil {
			continue
		}
		if lockFile(lock) == nil {
			if err := os.RemoveAll(folder); err == nil {
				s.log.Info("removed left spill folder", "dir", folder)
			}
		}
		_ = lock.Close()
	}
}

// open makes the folder, its lock and the file.
func (s *spillStore) open() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	const attempts = 20
	for range attempts {
		folder, err := os.MkdirTemp(s.dir, spillPrefix+strconv.Itoa(os.Getpid())+"-")
		if err != nil {
			return err
		}
		lock, err := takeLock(folder)
		if errors.Is(err, os.ErrNotExist) {
			continue // Another process took it for a left one: make a new one.
		}
		if err != nil {
			_ = os.RemoveAll(folder)
			return err
		}
		s.folder, s.lock = folder, lock
		return nil
	}
	return errors.New("other processes keep removing the spill folder")
}

// takeLock makes and locks the lock file of a new folder. The error is
// os.ErrNotExist when another process was faster and removed the folder.
func takeLock(folder string) (*os.File, error) {
	path := filepath.Join(folder, lockName)
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(lock); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		_ = lock.Close()
		return nil, os.ErrNotExist // Who holds the lock of a new folder is about to remove it.
	}
	mine, err := lock.Stat()
	there, err2 := os.Stat(path)
	if err != nil || err2 != nil || !os.SameFile(mine, there) {
		_ = lock.Close()
		return nil, os.ErrNotExist
	}
	return lock, nil
}

// newFile makes one more file, and the folder for the first.
func (s *spillStore) newFile() (spillFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == "" {
		if err := s.open(); err != nil {
			return nil, err
		}
		s.log.Info("join exceeds its memory and spills", "dir", s.folder)
	}
	file, err := s.create(filepath.Join(s.folder, "records-"+strconv.Itoa(len(s.files))))
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, file)
	return file, nil
}

// newLog returns a log, whose file is made when it is first written.
func (s *spillStore) newLog() *spillLog { return &spillLog{store: s} }

// write appends blocks to the file and returns where they lie.
func (l *spillLog) write(blocks [][]byte) (extent, error) {
	if l.file == nil {
		var err error
		if l.file, err = l.store.newFile(); err != nil {
			return extent{}, l.store.wrap(err)
		}
		l.gathered = make([]byte, 0, gatherBytes)
	}
	e := extent{off: l.size}
	for _, b := range blocks {
		for len(b) > 0 {
			n := min(len(b), cap(l.gathered)-len(l.gathered))
			l.gathered = append(l.gathered, b[:n]...)
			b = b[n:]
			if len(l.gathered) == cap(l.gathered) {
				if err := l.flush(); err != nil {
					return extent{}, err
				}
			}
		}
	}
	if err := l.flush(); err != nil {
		return extent{}, err
	}
	e.len = l.size - e.off
	return e, nil
}

// flush writes what was gathered.
func (l *spillLog) flush() error {
	n, err := l.file.WriteAt(l.gathered, l.size)
	l.size += int64(n)
	l.store.mu.Lock()
	l.store.size += int64(n)
	l.store.mu.Unlock()
	l.gathered = l.gathered[:0]
	if err != nil {
		return l.store.wrap(err)
	}
	return nil
}

// read fills b from the file.
func (l *spillLog) read(b []byte, off int64) error {
	if n, err := l.file.ReadAt(b, off); n < len(b) {
		return fmt.Errorf("read spilled join from %s: %w", l.store.dir, err)
	}
	return nil
}

// wrap says what to do about an error of writing.
func (s *spillStore) wrap(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("spill join to %s: %w; free space there, set --spill-dir to a larger disk or raise --memory", s.dir, err)
	}
	return fmt.Errorf("spill join to %s: %w; set --spill-dir to a folder that can be written or raise --memory", s.dir, err)
}

// written returns how many bytes were spilled.
func (s *spillStore) written() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// close removes the file and its folder. It may be called more than once.
func (s *spillStore) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == "" {
		return nil
	}
	// Files are closed first, since some systems refuse to remove open ones. That
	// another process may then remove the folder as well does no harm.
	var err error
	for _, f := range s.files {
		err = errors.Join(err, f.Close())
	}
	_ = s.lock.Close()
	if err2 := os.RemoveAll(s.folder); err == nil {
		err = err2
	}
	s.folder, s.files, s.lock = "", nil, nil
	if err != nil {
		return fmt.Errorf("remove spill folder in %s: %w", s.dir, err)
	}
	return nil
}
