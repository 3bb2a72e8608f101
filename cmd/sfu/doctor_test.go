package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestTheDoctorGoesToAServer(t *testing.T) {
	t.Parallel()
	in := launch(t)
	for _, tt := range []struct {
		args  []string
		says  string
		error error
	}{
		{[]string{"doctor", in.url}, "ok    udp", nil},
		{[]string{"doctor", "--listen", strings.TrimPrefix(in.url, "http://")}, "rmem_max", nil},
		{[]string{"doctor", "--json", in.url}, `"healthy": true`, nil},
		{[]string{"doctor", "http://127.0.0.1:1"}, "FAIL  page", errUnwell},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), nil, tt.args, &out, io.Discard); !errors.Is(err, tt.error) || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%v: %v\n%s", tt.args, err, out.String())
		}
	}
	for _, page := range []string{"meet.example.org", "ftp://meet.example.org", "https://"} {
		if err := run(t.Context(), nil, []string{"doctor", page}, io.Discard, io.Discard); err == nil || errors.Is(err, errUnwell) {
			t.Errorf("%s: %v", page, err)
		}
	}
}
