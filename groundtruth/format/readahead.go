package format

import "io"

const (
	// aheadBuffers and aheadBufferBytes bound what a readAhead holds.
	aheadBuffers     = 4
	aheadBufferBytes = 128 << 10
	// aheadFrom is the size of the objects that are worth a goroutine.
	aheadFrom = 64 << 10
)

// readAhead reads a stream for readStream in a goroutine of its own, so that it is fetched and
// decompressed while what came before is parsed.
type readAhead struct {
	full  chan aheadBuffer
	empty chan []byte // nil is one that is yet to be made
	stop  chan struct{}
	ended chan struct{}

	current aheadBuffer
	used    int // of current
}

// aheadBuffer is a piece of the stream that the goroutine of a readAhead hands over.
type aheadBuffer struct {
	data []byte
	err  error // what comes after data
}

// newReadAhead begins to read a stream. Whoever calls it closes it.
func newReadAhead(r io.Reader) *readAhead {
	a := &readAhead{
		full:  make(chan aheadBuffer, aheadBuffers),
		empty: make(chan []byte, aheadBuffers),
		stop:  make(chan struct{}),
		ended: make(chan struct{}),
	}
	for range aheadBuffers {
		a.empty <- nil
	}
	go a.run(r)
	return a
}

// run is the goroutine: it fills buffers until the stream ends or close says stop.
func (a *readAhead) run(r io.Reader) {
	defer close(a.ended)
	for {
		var buf []byte
		select {
		case buf = <-a.empty:
		case <-a.stop:
			return
		}
		if buf == nil {
			buf = make([]byte, aheadBufferBytes)
		}
		n, err := fillBuffer(r, buf)
		a.full <- aheadBuffer{buf[:n], err} // there is room for all buffers
		if err != nil {
			return
		}
	}
}

// fillBuffer reads until the buffer is full or the stream ends or fails.
func fillBuffer(r io.Reader, buf []byte) (n int, err error) {
	for idle := 0; n < len(buf); idle++ {
		k, err := r.Read(buf[n:])
		n += k
		if err != nil {
			return n, err
		}
		if k > 0 {
			idle = 0
		} else if idle == 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// Read implements io.Reader.
func (a *readAhead) Read(p []byte) (int, error) {
	for a.used == len(a.current.data) {
		if a.current.err != nil {
			return 0, a.current.err
		}
		if a.current.data != nil {
			a.empty <- a.current.data[:cap(a.current.data)]
		}
		a.current, a.used = <-a.full, 0
	}
	n := copy(p, a.current.data[a.used:])
	a.used += n
	return n, nil
}

// close ends the goroutine and waits for it. Nothing is read from the stream after it.
func (a *readAhead) close() {
	close(a.stop)
	<-a.ended
}
