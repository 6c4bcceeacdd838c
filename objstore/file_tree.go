package objstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// errLeaves says that a symbolic link leads out of the folder.
var errLeaves = &Fault{Text: "it lies behind a symbolic link that leaves the folder, which is not followed: " +
	"put the file itself there, name the link's target in the URL, or set follow_links: true where whoever can write to the folder may read all that this program can"}

// fileTree reads what lies in a folder. Names are relative to the folder. With a root
// it stays inside of the folder, whatever links there are and whoever changes them
// meanwhile: the system refuses to open what lies elsewhere. Without one it follows
// all links.
type fileTree struct {
	folder string
	root   *os.Root
}

// tree opens the folder for reading. The caller closes it.
func (b *fileBucket) tree() (*fileTree, error) {
	t := &fileTree{folder: b.folder}
	if !b.inside {
		return t, nil
	}
	var err error
	t.root, err = os.OpenRoot(b.folder) // which may be reached by links itself
	return t, err
}

func (t *fileTree) close() {
	if t.root != nil {
		_ = t.root.Close() // Nothing was written.
	}
}

func (t *fileTree) path(name string) string { return filepath.Join(t.folder, name) }

// stat follows links.
func (t *fileTree) stat(name string) (fs.FileInfo, error) {
	if t.root == nil {
		return os.Stat(t.path(name))
	}
	i, err := t.root.Stat(name)
	if t.leaves(err) {
		if name, err = t.resolve(name); err == nil {
			i, err = t.root.Stat(name)
		}
	}
	return i, err
}

// open opens a file or folder. It doesn't wait for the writer of a named pipe that
// has come in a file's place.
func (t *fileTree) open(name string) (*os.File, error) {
	const flags = os.O_RDONLY | syscall.O_NONBLOCK
	if t.root == nil {
		return os.OpenFile(t.path(name), flags, 0)
	}
	f, err := t.root.OpenFile(name, flags, 0)
	if t.leaves(err) {
		if name, err = t.resolve(name); err == nil {
			f, err = t.root.OpenFile(name, flags, 0)
		}
	}
	return f, err
}

// readDir returns what is in a folder.
func (t *fileTree) readDir(name string) ([]fs.DirEntry, error) {
	f, err := t.open(name)
	if err != nil {
		return nil, err
	}
	found, err := f.ReadDir(-1)
	return found, errors.Join(err, f.Close())
}

// leaves reports whether an error is that of a name which the root takes to lie
// outside of it. The error has no name of its own, but the root's parent gives it.
func (t *fileTree) leaves(err error) bool {
	var this, parent *fs.PathError
	if err == nil || !errors.As(err, &this) {
		return false
	}
	_, probe := t.root.Stat("..")
	return errors.As(probe, &parent) && this.Err == parent.Err //nolint:errorlint // the same value, which os does not export
}

// resolve returns the name, free of links, of what a link leads to whose text is an
// absolute path. The root follows no such link, not even one that stays inside.
func (t *fileTree) resolve(name string) (string, error) {
	folder, err := filepath.EvalSymlinks(t.folder)
	if err != nil {
		return "", err
	}
	target, err := filepath.EvalSymlinks(t.path(name))
	if isNotExist(err) {
		return "", err
	}
	if err != nil {
		return "", errLeaves
	}
	inside, err := filepath.Rel(folder, target)
	if err != nil || !filepath.IsLocal(inside) {
		return "", errLeaves
	}
	return inside, nil
}
