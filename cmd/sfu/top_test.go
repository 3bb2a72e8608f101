package main

import (
	"bytes"
	"strings"
	"testing"
)

// topOnce is what `sfu top` prints where there is no terminal.
func topOnce(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	_, err := execute(t.Context(), append([]string{"--config=", "top"}, args...), terminal{
		env: func(string) (string, bool) { return "", false }, stdin: strings.NewReader(""), stdout: &out, stderr: &out,
	})
	return out.String(), err
}

func TestTopPrintsOnce(t *testing.T) {
	t.Parallel()
	in := launch(t)
	enter(t, in, "our kitchen", "Ana\u202e")
	for _, tc := range []struct {
		args []string
		want string
	}{
		{nil, "1 room, 1 participant\n\nROOM         PEOPLE"},
		{[]string{"--room=our kitchen"}, `Ana\u202e  no media`},
	} {
		got, err := topOnce(t, append(tc.args, "--ops-url="+in.ops+"/")...)
		if err != nil || !strings.Contains(got, tc.want) || strings.ContainsRune(got, '\u202e') {
			t.Errorf("%v: %v\n%s", tc.args, err, got)
		}
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"--room=attic", "--ops-url=" + in.ops}, `there is no room "attic" now`},
		{[]string{"--ops-url=" + in.url, "--room="}, "answers 404 Not Found"},
		{[]string{"--ops-url=http://127.0.0.1:1"}, "is the server there?"},
		{[]string{"--ops-url=\x7f"}, "--ops-url"},
		{[]string{"--interval=1ms"}, "--interval=1ms"},
	} {
		if _, err := topOnce(t, tc.args...); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: %v", tc.args, err)
		}
	}
}

func TestAFrameLeavesNothingOfTheLast(t *testing.T) {
	t.Parallel()
	if got := frame([]string{"a", "b"}); got != "\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J" {
		t.Errorf("%q", got)
	}
}
