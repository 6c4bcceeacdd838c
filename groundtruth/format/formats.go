package format

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth/parquet"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// fileFormat is a row of the table of formats: it says how objects of one format are told by
// their names, and how they are read. Every reader of this package goes by the row that
// codecOf finds for an object. It has either read and look, or open and columns.
type fileFormat struct {
	name    string   // what groundtruth.Source.Format calls it
	title   string   // what people call it
	endings []ending // of the names of its objects, less .gz or .zst

	// A format whose objects are read from their beginning to their end, compressed as a
	// whole or not, has read, which sends the records of a stream as chunks, and look, which
	// tells k the columns that its first records show.
	read func(in stream, wants []table.Want, opt table.ReadOptions, stats *table.ReadStats, emit func(*table.Chunk) error) error
	look func(k *columnKinds, in stream) error

	// A format whose objects are read in parts, the row groups, has open, and columns, which
	// names the columns of the schema. Parquet is the only one.
	open    func(ctx context.Context, obj source.Object) (*parquet.File, error)
	columns func(ctx context.Context, obj source.Object, visit func(name string, kind table.Kind, list bool)) error
}

// ending is an end that the names of a format's objects may have.
type ending struct {
	text      string // with its point, in small letters
	delimiter byte   // what parts the fields of a record, where a format needs one
}

// formats returns the table of formats. To read another one, add its row here, its name to
// groundtruth.Formats, and its read and look in a file of its own.
func formats() []fileFormat {
	return []fileFormat{
		{name: "parquet", title: "Parquet", endings: []ending{{".parquet", 0}}, open: parquet.Open, columns: parquet.Columns},
		{name: "csv", title: "CSV", endings: []ending{{".csv", ','}, {".tsv", '\t'}}, read: readCSV, look: (*columnKinds).lookCSV},
		{name: "jsonl", title: "JSON Lines", endings: []ending{{".jsonl", 0}, {".ndjson", 0}, {".json", 0}}, read: readJSONL, look: (*columnKinds).lookJSONL},
	}
}

// orAll returns the table that a test gives, or that of formats.
func orAll(given []fileFormat) []fileFormat {
	if given != nil {
		return given
	}
	return formats()
}

// codec tells how one object is encoded.
type codec struct {
	fileFormat
	compression string // "", gz or zst
	delimiter   byte   // that of the ending
}

// codecOf tells an object's encoding by the name of its format, which is empty or auto where
// the ending of its key tells it. It looks into the table that it is given.
func codecOf(all []fileFormat, format, key string) (codec, error) {
	name := strings.ToLower(path.Base(key))
	var c codec
	for _, ending := range []string{"gz", "zst"} {
		if rest, ok := strings.CutSuffix(name, "."+ending); ok {
			name, c.compression = rest, ending
			break
		}
	}
	auto := format == "" || format == "auto"
	at := slices.IndexFunc(all, func(f fileFormat) bool {
		return !auto && f.name == format || auto && f.endingOf(name) >= 0
	})
	switch {
	case at < 0 && auto && otherCompression(name) != "":
		return c, fmt.Errorf("it is compressed with %s, which is not supported: use gzip (.gz) or zstd (.zst)", otherCompression(name))
	case at < 0 && auto:
		var endings []string
		for _, f := range all {
			for _, e := range f.endings {
				endings = append(endings, e.text)
			}
		}
		return c, fmt.Errorf("its name does not tell its format: want an ending %s, with .gz or .zst after it where it is compressed, or set format", oneOf(endings))
	case at < 0:
		names := []string{"auto"}
		for _, f := range all {
			names = append(names, f.name)
		}
		return c, fmt.Errorf("unknown format %q: want %s", format, oneOf(names))
	}
	c.fileFormat = all[at]
	c.delimiter = c.endings[max(c.endingOf(name), 0)].delimiter // the first, where the name tells nothing
	if c.open != nil && c.compression != "" {
		return c, fmt.Errorf("a %s file compressed as a whole (.%s) cannot be read in parts: store it uncompressed; its pages have their own compression", c.title, c.compression)
	}
	return c, nil
}

// otherCompression returns the compression that a name in small letters ends in and that no
// format is read with; empty is none.
func otherCompression(name string) string {
	return map[string]string{
		".bz2": "bzip2", ".xz": "xz", ".lz4": "LZ4", ".lzo": "LZO", ".snappy": "snappy", ".sz": "snappy", ".br": "Brotli", ".z": "compress", ".zip": "zip", ".7z": "7-Zip",
	}[path.Ext(name)]
}

// endingOf returns which of the format's endings a name in small letters has, -1 for none.
func (f fileFormat) endingOf(name string) int {
	return slices.IndexFunc(f.endings, func(e ending) bool { return path.Ext(name) == e.text })
}

// oneOf lists words of which one is wanted: "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
