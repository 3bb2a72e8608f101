package certs

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Files serves the certificate chain and the key in two PEM files, and loads
// them again when they change.
func Files(cert, key string, log *slog.Logger) (*Pair, error) {
	return newPair(&files{cert: cert, key: key}, log)
}

// files is a loader.
type files struct {
	cert, key string
	seen      [2]stamp // of the files that were tried last
}

// stamp tells one state of a file from another. The zero stamp is a file that
// is not there.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime()}
}

func (f *files) load(_ time.Time, again bool) (*tls.Certificate, error) {
	// The stamps come first: what is written while the files are read differs
	// from them, and is read the next time.
	now := [2]stamp{stampOf(f.cert), stampOf(f.key)}
	if now == f.seen && !again {
		return nil, nil
	}
	f.seen = now
	cert, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w; both are PEM files, and the key is that of the certificate", f.cert, f.key, err)
	}
	return &cert, nil
}
