package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

func TestOptionsMakeARun(t *testing.T) {
	t.Parallel()
	c, err := parse([]string{"--rooms=3", "--publishers=2", "--no-audio", "--simulcast", "--duration=5s", "--loss=0.02", "--pid=7"}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	cfg := c.(*runCommand).config()
	if cfg.Rooms != 3 || cfg.Publishers != 2 || cfg.Media.Audio || !cfg.Media.Video || !cfg.Media.Simulcast ||
		cfg.Duration != 5*time.Second || cfg.Loss != 0.02 || cfg.PID != 7 {
		t.Errorf("%+v", cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}

func TestCommandsAreChosen(t *testing.T) {
	t.Parallel()
	if c, err := parse([]string{"reference", "--listen=127.0.0.1:9"}, io.Discard, io.Discard); err != nil || c.(*referenceCommand).Listen.Port() != 9 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := parse([]string{"bench", "--only=x"}, io.Discard, io.Discard); err != nil || c.(*benchCommand).Only != "x" {
		t.Errorf("%+v, %v", c, err)
	}
	var help bytes.Buffer
	if c, err := parse([]string{"--help"}, &help, io.Discard); c != nil || err != nil || !strings.Contains(help.String(), "reference") {
		t.Errorf("%v, %v: %s", c, err, &help)
	}
	if _, err := parse([]string{"--rooms=many"}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "--help") {
		t.Error(err)
	}
}

func TestARunNeedsAServer(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--url=http://localhost"},
		{"--url=ws://127.0.0.1:1/ws"},
		{"bench", "--server=/nonexistent", "--only=["},
	} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q went well", args)
		}
	}
}
