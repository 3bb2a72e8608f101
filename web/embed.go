package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed app client doctor
var files embed.FS

const index = "app/index.html"

// policy lets the page load what this server has and nothing else: no inline
// script or style, no other host, no frame. 'self' covers the WebSocket of the
// same origin (CSP Level 3, section 6.7.2.8).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"img-src 'self' data: blob:; media-src 'self' blob: mediastream:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

var headers = map[string]string{
	"Content-Security-Policy":      policy,
	"Permissions-Policy":           "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self)",
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer", // an invite link is a key
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "no-cache", // ask, and hear 304: a new server never meets an old page
}

// contentTypes are named here because mime.TypeByExtension reads the machine's
// own tables.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// file is one response, ready to be sent.
type file struct {
	content     string
	contentType string
	etag        string
	preload     string // of the page: its modules, all at once instead of import by import
}

// Handler serves the page at / and at every invite link /r/<room>, one that tries
// every way to the server at /doctor, and the files that they are made of.
func Handler() http.Handler {
	served := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		f, ok := served[route(r.URL.Path)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if f.preload != "" {
			w.Header().Set("Link", f.preload)
		}
		w.Header().Set("Content-Type", f.contentType)
		w.Header().Set("ETag", f.etag)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(f.content)) // 304 to those who have it
	})
}

// route names the file that a path stands for.
func route(urlPath string) string {
	switch {
	case urlPath == "/", strings.HasPrefix(urlPath, "/r/"):
		return index
	case urlPath == "/doctor", urlPath == "/doctor/":
		return "doctor/index.html"
	case urlPath == "/favicon.svg", urlPath == "/favicon.ico":
		return "app/favicon.svg"
	default:
		return strings.TrimPrefix(urlPath, "/")
	}
}

// load reads every embedded file. It cannot fail: the compiler has seen them.
func load() map[string]file {
	out := map[string]file{}
	var modules []string
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if path.Ext(name) == ".js" && !strings.HasPrefix(name, "doctor/") {
			modules = append(modules, "</"+name+">; rel=modulepreload")
		}
		sum := sha256.Sum256(content)
		out[name] = file{
			content:     string(content),
			contentType: contentTypes[path.Ext(name)],
			etag:        `"` + hex.EncodeToString(sum[:8]) + `"`,
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	page := out[index]
	page.preload = strings.Join(modules, ", ")
	out[index] = page
	return out
}
