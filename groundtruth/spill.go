package groundtruth

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

// spillFile is the file that records are spilled to.
type spillFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// spillStore is one temporary file for the records that memory has no room for. Its
// folder is made when the first record is spilled and removed by close.
type spillStore struct {
	dir    string
	log    *slog.Logger
	create func(path string) (spillFile, error)

	mu     sync.Mutex
	folder string
	lock   *os.File
	file   spillFile
	size   int64
}

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
		file, err := s.create(filepath.Join(folder, "records"))
		if err != nil {
			_ = lock.Close()
			_ = os.RemoveAll(folder)
			return err
		}
		s.folder, s.lock, s.file = folder, lock, file
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

// write appends blocks to the file and returns where they lie.
func (s *spillStore) write(blocks [][]byte) (extent, error) {
	var n int64
	for _, b := range blocks {
		n += int64(len(b))
	}
	s.mu.Lock()
	if s.file == nil {
		if err := s.open(); err != nil {
			s.mu.Unlock()
			return extent{}, s.wrap(err)
		}
		s.log.Info("join exceeds its memory and spills", "dir", s.folder)
	}
	e := extent{off: s.size, len: n}
	s.size += n
	s.mu.Unlock()

	off := e.off
	for _, b := range blocks {
		if _, err := s.file.WriteAt(b, off); err != nil {
			return extent{}, s.wrap(err)
		}
		off += int64(len(b))
	}
	return e, nil
}

// read fills b from the file.
func (s *spillStore) read(b []byte, off int64) error {
	if n, err := s.file.ReadAt(b, off); n < len(b) {
		return fmt.Errorf("read spilled join from %s: %w", s.dir, err)
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
	err := s.file.Close()
	_ = s.lock.Close()
	if err2 := os.RemoveAll(s.folder); err == nil {
		err = err2
	}
	s.folder, s.file, s.lock = "", nil, nil
	if err != nil {
		return fmt.Errorf("remove spill folder in %s: %w", s.dir, err)
	}
	return nil
}
