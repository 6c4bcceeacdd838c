package objstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// tempPrefix begins the names of files that are being written. A crash may leave
// one behind; no listing shows it and no key can name it.
const tempPrefix = ".hindcast-tmp-"

// hidden names are no objects: files that are being written, and Kubernetes' own
// entries (..data, ..2026_01_01) in a mounted ConfigMap or Secret, whose files are
// there a second time under their own names.
func hidden(name string) bool {
	return strings.HasPrefix(name, tempPrefix) || strings.HasPrefix(name, "..")
}

// fileBucket is the Bucket of file. It keeps objects as plain files in a folder. Symbolic
// links are followed when reading, those that leave the folder unless inside is set.
// Writing goes by a temporary file in the same folder that is renamed, or for create
// linked, to its name; see docs/adr/0001.
type fileBucket struct {
	folder string
	inside bool // what links lead to outside of the folder is not there
	// leftOut, when set, is told of links that are met in listings and not followed.
	leftOut func(key string)
	// placed, when set, is called with the complete temporary file's name before it
	// gets its own: tests stop there.
	placed func(temp string)
}

func newFileBucket(folder string) *fileBucket { return &fileBucket{folder: folder} }

func (b *fileBucket) path(key string) string {
	return filepath.Join(b.folder, filepath.FromSlash(key))
}

func (b *fileBucket) List(ctx context.Context, prefix string, delimited bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		dir, name := "", prefix
		if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
			dir, name = prefix[:i+1], prefix[i+1:]
		}
		// A folder that is missing is told from a prefix that nothing has.
		switch top, err := os.Stat(b.folder); {
		case isNotExist(err):
			yield(Entry{}, &Fault{Kind: ErrNotExist, Text: fmt.Sprintf("folder %s does not exist: create it or correct the URL", b.folder)})
			return
		case err != nil:
			yield(Entry{}, fileFault(err))
			return
		case !top.IsDir():
			if dir == "" {
				yield(Entry{}, &Fault{Text: "it is a file: name the folder that holds it"})
			}
			return
		}
		tree, err := b.tree()
		if err != nil {
			yield(Entry{}, fileFault(err))
			return
		}
		defer tree.close()
		w := fileWalk{ctx: ctx, tree: tree, delimited: delimited, leftOut: b.leftOut, yield: yield}
		top, err := tree.stat(fileName(dir))
		switch {
		case errors.Is(err, errLeaves):
			w.leave(strings.TrimSuffix(dir, "/"))
		case isNotExist(err) || err == nil && !top.IsDir():
		case err != nil:
			yield(Entry{}, fileFault(err))
		default:
			w.walk(dir, name, []fs.FileInfo{top})
		}
	}
}

// fileName is the name of a key, or of a folder's key with its '/', in a fileTree.
func fileName(key string) string { return filepath.Join(".", filepath.FromSlash(key)) }

// fileWalk goes through the folders of one listing and yields what it finds there.
type fileWalk struct {
	ctx       context.Context
	tree      *fileTree
	delimited bool
	leftOut   func(key string)
	yield     func(Entry, error) bool
}

// leave passes over a link that leaves the folder.
func (w *fileWalk) leave(key string) {
	if w.leftOut != nil {
		w.leftOut(key)
	}
}

// walk yields what is in a folder and below whose name begins with name, and tells
// whether to go on. Above are the folders that lead here, this one included.
func (w *fileWalk) walk(dir, name string, above []fs.FileInfo) bool {
	if err := w.ctx.Err(); err != nil {
		w.yield(Entry{}, err)
		return false
	}
	found, err := w.tree.readDir(fileName(dir))
	if err != nil {
		// A folder may have been removed, or replaced by such a link, since its parent
		// was read.
		if len(above) > 1 && (isNotExist(err) || errors.Is(err, errLeaves)) {
			return true
		}
		w.yield(Entry{}, fileFault(err))
		return false
	}
	type child struct {
		key  string // folders end in '/', which puts them in the keys' order
		info fs.FileInfo
	}
	var children []child
	for _, e := range found {
		if hidden(e.Name()) || !strings.HasPrefix(e.Name(), name) {
			continue
		}
		key := dir + e.Name()
		i, err := w.tree.stat(fileName(key))
		switch {
		case isNotExist(err):
			continue // A link to nowhere, or removed meanwhile.
		case errors.Is(err, errLeaves):
			w.leave(key)
		case err != nil:
			w.yield(Entry{}, fileFault(err))
			return false
		case i.IsDir():
			children = append(children, child{key + "/", i})
		case i.Mode().IsRegular():
			children = append(children, child{key, i})
		}
	}
	slices.SortFunc(children, func(a, b child) int { return cmp.Compare(a.key, b.key) })
	for _, c := range children {
		switch {
		case !c.info.IsDir():
			if !w.yield(Entry{Object: fileObject(c.key, c.info)}, nil) {
				return false
			}
		case w.delimited:
			if !w.yield(Entry{Object: Object{Key: c.key}, Dir: true}, nil) {
				return false
			}
		case slices.ContainsFunc(above, func(i fs.FileInfo) bool { return os.SameFile(i, c.info) }):
			// A link to a folder that leads here: its files are listed there.
		case !w.walk(c.key, "", append(slices.Clip(above), c.info)):
			return false
		}
	}
	return true
}

func fileObject(key string, i fs.FileInfo) Object {
	return Object{
		Key: key, Size: i.Size(), ModTime: i.ModTime().UTC(),
		ETag: strconv.FormatInt(i.Size(), 16) + "-" + strconv.FormatInt(i.ModTime().UnixNano(), 16),
	}
}

func (b *fileBucket) Open(_ context.Context, key string, off, length int64) (io.ReadCloser, Info, error) {
	f, i, err := b.openFile(key)
	if err != nil {
		return nil, Info{}, err
	}
	if length < 0 || length > i.Size-off {
		length = max(i.Size-off, 0)
	}
	return &fileReader{io.NewSectionReader(f, off, length), f}, i, nil
}

// openFile opens the file of an object.
func (b *fileBucket) openFile(key string) (*os.File, Info, error) {
	tree, err := b.tree()
	if isNotExist(err) {
		return nil, Info{}, ErrNoObject
	}
	if err != nil {
		return nil, Info{}, fileFault(err)
	}
	defer tree.close()
	// Look first: opening a device may do something.
	i, err := tree.stat(fileName(key))
	if err = fileOfObject(i, err); err != nil {
		return nil, Info{}, err
	}
	f, err := tree.open(fileName(key))
	if err != nil {
		return nil, Info{}, fileOfObject(nil, err)
	}
	// What was opened may be another than what was looked at.
	i, err = f.Stat()
	if err = fileOfObject(i, err); err != nil {
		return nil, Info{}, errors.Join(err, f.Close())
	}
	return f, Info{i.Size(), i.ModTime()}, nil
}

// fileOfObject returns why a file cannot be an object's.
func fileOfObject(i fs.FileInfo, err error) error {
	switch {
	case isNotExist(err) || err == nil && i.IsDir():
		return ErrNoObject
	case err != nil:
		return fileFault(err)
	case !i.Mode().IsRegular():
		return &Fault{Text: "it is not a regular file"}
	}
	return nil
}

// fileReader reads a range of a file, and closes the file.
type fileReader struct {
	io.Reader
	io.Closer
}

func (b *fileBucket) Put(_ context.Context, key string, data []byte, create bool) error {
	path := b.path(key)
	switch i, err := os.Lstat(path); {
	case err == nil && i.IsDir():
		return &Fault{Text: "a folder has that name"}
	case err == nil && create:
		return ErrIsPresent // Without trouble; link decides when two come here.
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fileFault(err)
	}
	temp, err := writeTemp(filepath.Dir(path), data)
	if err != nil {
		return fileFault(err)
	}
	if b.placed != nil {
		b.placed(temp)
	}
	if create {
		err = link(temp, path)
		_ = os.Remove(temp) // What remains is ignored, and the object is there.
	} else if err = os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
	}
	if err != nil {
		return fileFault(err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// writeTemp writes a new file in a folder and has it on the disk when it returns, so
// that no crash of the machine can leave a name without its content.
func writeTemp(folder string, data []byte) (name string, err error) {
	name = filepath.Join(folder, tempPrefix+rand.Text())
	// Not os.CreateTemp, whose files nobody else may read.
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(name)
		return "", err
	}
	return name, nil
}

// link gives a complete file its name unless the name is taken. The name appears
// with all of the content or not at all, whenever the process or machine stops.
func link(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil {
		return nil
	}
	// Over NFS the answer may be lost and the request repeated, which then finds the
	// name that it made: link(2) says to look whether it is the same file.
	if t, terr := os.Lstat(temp); terr == nil {
		if p, perr := os.Lstat(path); perr == nil && os.SameFile(t, p) {
			return nil
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return ErrIsPresent
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EMLINK):
		return &Fault{Text: "this file system has no hard links, by which an object is created once: use another folder, " +
			"or the URL of the bucket (s3://, gs://, azblob://) rather than its mount", Cause: err}
	}
	return err
}

// syncFolder makes a new name last through a crash of the machine. Not every system
// can; the content is whole in any case.
func syncFolder(folder string) {
	if f, err := os.Open(folder); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

func (b *fileBucket) Remove(_ context.Context, key string) error {
	i, err := os.Lstat(b.path(key))
	if isNotExist(err) || err == nil && i.IsDir() {
		return ErrNoObject
	}
	if err == nil {
		err = os.Remove(b.path(key))
	}
	if isNotExist(err) {
		return ErrNoObject // Somebody else was faster.
	}
	return fileFault(err)
}

// isNotExist also takes a path through a file for absent, as no object is there, and
// a chain of links that leads nowhere.
func isNotExist(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// fileFault says what to do about an error of the file system.
func fileFault(err error) error {
	var f *Fault
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case errors.Is(err, fs.ErrPermission):
		return &Fault{Kind: ErrDenied, Text: fmt.Sprintf(
			"access denied to user %d: change the mode or owner of the file and its folders, or the pod's fsGroup", os.Getuid()), Cause: err}
	case errors.Is(err, syscall.EROFS):
		return &Fault{Kind: ErrDenied, Text: "the file system is read-only: mount a volume there that can be written, or use another URL", Cause: err}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &Fault{Text: "the disk is full: make room or use another URL", Cause: err}
	case errors.Is(err, syscall.ENOTDIR):
		return &Fault{Text: "a part of the path is a file, not a folder", Cause: err}
	case isNotExist(err):
		return &Fault{Kind: ErrNotExist, Text: "the folder was removed meanwhile", Cause: err}
	}
	return err
}
