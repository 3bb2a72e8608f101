package web

import (
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestPaths(t *testing.T) {
	t.Parallel()
	const html, js = "text/html; charset=utf-8", "text/javascript; charset=utf-8"
	for _, c := range []struct {
		path        string
		status      int
		contentType string
	}{
		{"/", 200, html},
		{"/?room=standup&name=Ana", 200, html},
		{"/r/standup", 200, html},
		{"/r/caf%C3%A9%20crew", 200, html},
		{"/r/a%2Fb", 200, html},
		{"/doctor", 200, html},
		{"/doctor/", 200, html},
		{"/favicon.svg", 200, "image/svg+xml"},
		{"/favicon.ico", 200, "image/svg+xml"},
		{"/app/main.js", 200, js},
		{"/app/base.css", 200, "text/css; charset=utf-8"},
		{"/client/index.js", 200, js},
		{"/app", 404, ""},
		{"/app/", 404, ""},
		{"/app/none.js", 404, ""},
		{"/embed.go", 404, ""},
		{"/package.json", 404, ""},
		{"/../go.mod", 404, ""},
		{"/r", 404, ""},
	} {
		res := get(t, c.path)
		if res.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", c.path, res.StatusCode, c.status)
		}
		if got := res.Header.Get("Content-Type"); c.contentType != "" && got != c.contentType {
			t.Errorf("%s: type %q, want %q", c.path, got, c.contentType)
		}
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"/", "/r/x", "/app/main.js", "/nothing"} {
		res := get(t, p)
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", p, name, got, want)
			}
		}
		csp := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: no %s in %q", p, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: unsafe policy %q", p, csp)
		}
		if !strings.Contains(res.Header.Get("Permissions-Policy"), "camera=(self)") {
			t.Errorf("%s: no camera in the permissions policy", p)
		}
	}
}

func TestOnlyReading(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	w = httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/", nil))
	if w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d with %d bytes", w.Code, w.Body.Len())
	}
}

func TestUnchangedFilesAreNotSentAgain(t *testing.T) {
	t.Parallel()
	first := get(t, "/app/main.js")
	if got := first.Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control is %q", got)
	}
	etag := first.Header.Get("ETag")
	if again := get(t, "/app/main.js", "If-None-Match", etag); again.StatusCode != http.StatusNotModified {
		t.Errorf("with its ETag %s: status %d", etag, again.StatusCode)
	}
	if other := get(t, "/app/call.js", "If-None-Match", etag); other.StatusCode != http.StatusOK {
		t.Errorf("with another file's ETag: status %d", other.StatusCode)
	}
}

var (
	inHTML   = regexp.MustCompile(`(?:src|href)="(/[^"]+)"`)
	inModule = regexp.MustCompile(`(?m)(?:from|import) '(\.[^']+)'`)
)

// What the page asks for is there, and what is there somebody asks for.
func TestReferences(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{index: true, route("/doctor"): true}
	for name, f := range load() {
		if f.contentType == "" {
			t.Errorf("%s has no content type", name)
		}
		for _, m := range inHTML.FindAllStringSubmatch(f.content, -1) {
			asked[route(m[1])] = true
		}
		for _, m := range inModule.FindAllStringSubmatch(f.content, -1) {
			asked[path.Join(path.Dir(name), m[1])] = true
		}
	}
	served := load()
	for name := range asked {
		if _, ok := served[name]; !ok {
			t.Errorf("%s is asked for and not there", name)
		}
	}
	for name := range served {
		if !asked[name] {
			t.Errorf("%s is there and nobody asks for it", name)
		}
	}
}

func TestPageNamesItsModules(t *testing.T) {
	t.Parallel()
	link := get(t, "/r/standup").Header.Get("Link")
	for name := range load() {
		needed := strings.HasSuffix(name, ".js") && !strings.HasPrefix(name, "doctor/")
		if strings.Contains(link, "</"+name+">; rel=modulepreload") != needed {
			t.Errorf("%s is preloaded: %v, want %v", name, !needed, needed)
		}
	}
	if other := get(t, "/app/main.js").Header.Get("Link"); other != "" {
		t.Errorf("a module preloads %s", other)
	}
}

// The policy forbids inline scripts and styles; a page with one would be broken.
func TestNothingInline(t *testing.T) {
	t.Parallel()
	page := load()[index].content + load()[route("/doctor")].content
	for _, bad := range []string{`<script>`, `<style`, ` style="`, ` onclick=`, `javascript:`} {
		if strings.Contains(page, bad) {
			t.Errorf("a page has %s", bad)
		}
	}
	for name, f := range load() {
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "setAttribute('style'"} {
			if strings.HasSuffix(name, ".js") && strings.Contains(f.content, bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
	}
}

// Hooks of the browser tests.
func TestHooks(t *testing.T) {
	t.Parallel()
	page := load()[index].content
	for _, id := range strings.Fields(`name-input room-input join-button preview-video mic-meter camera-select mic-select
		toggle-mic toggle-camera toggle-screen toggle-chat invite-button settings-button leave-button tile chat-input
		chat-send chat-message file-input file-message banner error-message room`) {
		if !strings.Contains(page, `data-testid="`+id+`"`) {
			t.Errorf("no %s", id)
		}
	}
}
