package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

func lines(n int) string { return strings.Repeat("\n", n) }

// struct17 has one field more than is allowed, in every way to write one.
const struct17 = "struct { a, b, c, d, e, f, g, h int; i, j, k, l string; m bool; n, o byte; p [2]int; error }"

// cases holds one thing to see for every check; no fault means that the check
// must keep quiet.
var cases = []struct {
	name, check string
	path, text  string
	fault       string
}{
	{"words import nothing of the house", "imports go down", "sfu/seqnum/x.go", `package seqnum; import "sfu/sfu/media"`, "sfu/seqnum/x.go:1: "},
	{"words import no library", "imports go down", "sfu/media/x.go", `package media; import "github.com/pion/rtp"`, "pion/rtp"},
	{"metrics knows media", "imports go down", "metrics/x.go", `package metrics; import ("net/http"; "github.com/prometheus/client_golang/prometheus/promhttp"; "sfu/sfu/media")`, ""},
	{"metrics does not know the protocol", "imports go down", "metrics/x.go", `package metrics; import "sfu/signaling/wire"`, "signaling/wire"},
	{"logic knows words and packets", "imports go down", "sfu/nack/x.go", `package nack; import ("time"; "math/bits"; "sfu/sfu/media"; "sfu/sfu/seqnum"; "github.com/pion/rtcp")`, ""},
	{"logic has no lock", "imports go down", "sfu/nack/x.go", `package nack; import "sync"`, "sync"},
	{"nor an atomic one", "imports go down", "sfu/nack/x.go", `package nack; import "sync/atomic"`, "sync/atomic"},
	{"no network", "imports go down", "sfu/slots/x.go", `package slots; import "net/netip"`, "net/netip"},
	{"no logger", "imports go down", "sfu/slots/x.go", `package slots; import slog "log/slog"`, "log/slog"},
	{"no file", "imports go down", "sfu/slots/x.go", `package slots; import _ "os"`, "os"},
	{"no context", "imports go down", "sfu/slots/x.go", `package slots; import . "context"`, "context"},
	{"logic does not know logic", "imports go down", "sfu/slots/x.go", `package slots; import "sfu/sfu/nack"`, "sfu/sfu/nack"},
	{"logic does not know the engine", "imports go down", "sfu/speaker/x.go", `package speaker; import "sfu/sfu"`, "sfu/sfu"},
	{"logic does not know all of pion", "imports go down", "sfu/speaker/x.go", `package speaker; import "github.com/pion/sdp/v3"`, "sdp"},
	{"a name that only begins alike", "imports go down", "sfu/speaker/x.go", `package speaker; import "github.com/pion/rtpx"`, "rtpx"},
	{"the engine knows what is below", "imports go down", "sfu/x.go", `package sfu; import ("net"; "sync"; "sfu/metrics"; "sfu/signaling/wire"; "sfu/sfu/forward"; "sfu/sfu/udp"; "github.com/pion/ice/v4")`, ""},
	{"the engine does not know HTTP", "imports go down", "sfu/x.go", `package sfu; import "net/http"`, "net/http"},
	{"the engine does not know the door", "imports go down", "sfu/x.go", `package sfu; import "sfu/signaling"`, "sfu/signaling"},
	{"the socket does not know the engine", "imports go down", "sfu/udp/x.go", `package udp; import "sfu/sfu"`, "sfu/sfu"},
	{"the door knows the engine", "imports go down", "signaling/x.go", `package signaling; import ("net/http"; "sfu/sfu"; "sfu/signaling/wire"; "github.com/gorilla/websocket"; "golang.org/x/time/rate")`, ""},
	{"the door does not know the logic", "imports go down", "signaling/x.go", `package signaling; import "sfu/sfu/negotiate"`, "negotiate"},
	{"doors do not know each other", "imports go down", "web/x.go", `package web; import "sfu/signaling"`, "signaling"},
	{"the front door knows nobody behind it", "imports go down", "front/x.go", `package front; import "sfu/metrics"`, "sfu/metrics"},
	{"main knows everybody", "imports go down", "cmd/sfu/x.go", `package main; import ("sfu/sfu/nack"; "github.com/alecthomas/kong")`, ""},
	{"tests know everybody", "imports go down", "sfu/slots/x_test.go", `package slots; import "os"`, ""},
	{"a package on no floor", "imports go down", "sfu/attic/x.go", `package attic`, "on no floor"},

	{"pion in the engine", "only the engine knows pion", "sfu/x.go", `package sfu; import "github.com/pion/webrtc/v4"`, ""},
	{"pion in a bot", "only the engine knows pion", "internal/load/x.go", `package load; import "github.com/pion/webrtc/v4"`, ""},
	{"pion in a test", "only the engine knows pion", "signaling/x_test.go", `package signaling; import "github.com/pion/webrtc/v4"`, ""},
	{"pion in main", "only the engine knows pion", "cmd/sfu/x.go", `package main; import "github.com/pion/webrtc/v4/pkg/media"`, "cmd/sfu/x.go:1: "},

	{"durations are data", "logic is pure", "sfu/nack/x.go", `package nack; import "time"; func f(now time.Time) time.Time { return now.Add(time.Second) }`, ""},
	{"a call of the clock", "logic is pure", "sfu/nack/x.go", `package nack; import "time"; func f() time.Time { return time.Now() }`, "time.Now"},
	{"the clock as a value", "logic is pure", "sfu/nack/x.go", `package nack; import "time"; var clock = time.Now`, "time.Now"},
	{"the clock under another name", "logic is pure", "sfu/nack/x.go", `package nack; import t "time"; func f(at t.Time) bool { return t.Since(at) > 0 }`, "time.Since"},
	{"the clock under no name", "logic is pure", "sfu/nack/x.go", `package nack; import . "time"; func f() Time { return Now() }`, "dot import"},
	{"sleep", "logic is pure", "sfu/nack/x.go", `package nack; import "time"; func f() { time.Sleep(1) }`, "time.Sleep"},
	{"a timer", "logic is pure", "sfu/nack/x.go", `package nack; import "time"; var t = time.NewTimer(1)`, "time.NewTimer"},
	{"a channel of time", "logic is pure", "sfu/nack/x.go", `package nack; import "time"; var t = time.After(1)`, "time.After"},
	{"a ticker", "logic is pure", "sfu/nack/x.go", `package nack; import "time"; var t = time.Tick(1)`, "time.Tick"},
	{"a goroutine", "logic is pure", "sfu/nack/x.go", `package nack; func f() { go f() }`, "a goroutine"},
	{"a channel", "logic is pure", "sfu/nack/x.go", `package nack; type t struct { c chan int }`, "a channel"},
	{"the engine has a clock", "logic is pure", "sfu/x.go", `package sfu; import "time"; var t = time.Now()`, ""},
	{"a test has a clock", "logic is pure", "sfu/nack/x_test.go", `package nack; import "time"; var t = time.Now()`, ""},

	{"500 lines", "files are short", "sfu/x.go", "package sfu" + lines(500), ""},
	{"501 lines", "files are short", "sfu/x.go", "package sfu" + lines(501), "501 lines"},
	{"a long test", "files are short", "sfu/x_test.go", "package sfu" + lines(501), ""},

	{"70 lines", "functions are short", "sfu/x.go", "package sfu\nfunc f() {" + lines(69) + "}", ""},
	{"71 lines", "functions are short", "sfu/x.go", "package sfu\nfunc f() {" + lines(70) + "}", "sfu/x.go:2: a function of 71 lines"},
	{"71 lines without a name", "functions are short", "sfu/x.go", "package sfu\nvar f = func() {" + lines(70) + "}", "71 lines"},

	{"16 fields", "structs are small", "sfu/x.go", "package sfu; type t " + strings.Replace(struct17, "m bool; ", "", 1), ""},
	{"17 fields", "structs are small", "sfu/x.go", "package sfu; type t " + struct17, "sfu.t has 17 fields"},
	{"17 fields inside", "structs are small", "sfu/x.go", "package sfu; type t struct { in []" + struct17 + "}", "sfu.t has 17 fields"},
	{"17 fields in a function", "structs are small", "sfu/x.go", "package sfu; func f() { type t " + struct17 + "}", "sfu.t has 17 fields"},
	{"an exempt struct", "structs are small", "metrics/x.go", "package metrics; type Set " + struct17, ""},
	{"one of the same name", "structs are small", "sfu/x.go", "package sfu; type Set " + struct17, "sfu.Set"},

	{"a comment in doc.go", "packages are documented", "sfu/doc.go", "// Package sfu is it.\npackage sfu", ""},
	{"a comment of a command", "packages are documented", "cmd/sfu/doc.go", "// Command sfu is it.\npackage main", ""},
	{"no comment", "packages are documented", "sfu/doc.go", "package sfu", "no doc.go"},
	{"a comment elsewhere", "packages are documented", "sfu/x.go", "// Package sfu is it.\npackage sfu", "belongs in doc.go"},
	{"a comment on something else", "packages are documented", "sfu/doc.go", "// Copyright nobody.\npackage sfu", `begins with "Package sfu "`},
	{"a command's comment on something else", "packages are documented", "cmd/sfu/doc.go", "// Package main is it.\npackage main", `begins with "Command sfu "`},

	{"a package that says what it is", "names say something", "sfu/slots/x.go", "package slots; type Table struct{}", ""},
	{"a package that does not", "names say something", "sfu/util/x.go", "package things", `not called "util"`},
	{"a name that does not", "names say something", "sfu/x/x.go", "package common", `not called "common"`},
	{"in a test too", "names say something", "sfu/x/x_test.go", "package helpers_test", `not called "helpers"`},
	{"a manager", "names say something", "sfu/x.go", "package sfu; type RoomManager struct{}", "not called RoomManager"},
	{"a base", "names say something", "sfu/x.go", "package sfu; type base struct{}", "not called base"},
	{"a role", "names say something", "sfu/x.go", "package sfu; type Publisher struct{}", "not called Publisher"},
	{"a word that only ends alike", "names say something", "sfu/x.go", "package sfu; type database struct{}", ""},
}

func TestChecksFire(t *testing.T) {
	t.Parallel()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(checks, func(c check) bool { return c.name == tt.check })
			if i < 0 {
				t.Fatalf("there is no check %q", tt.check)
			}
			f, err := parse(tt.path, []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(checks[i].run(&pkg{dir: path.Dir(tt.path), files: []*file{f}}))
			if tt.fault == "" && got != "[]" {
				t.Errorf("fault where there is none: %s", got)
			}
			if !strings.Contains(got, tt.fault) {
				t.Errorf("got %s, want %q in it", got, tt.fault)
			}
		})
	}
}

func TestEveryCheckHasACaseThatFires(t *testing.T) {
	t.Parallel()
	for _, c := range checks {
		fires := false
		for _, tt := range cases {
			fires = fires || tt.check == c.name && tt.fault != ""
		}
		if !fires {
			t.Errorf("nothing shows that %q fires", c.name)
		}
	}
}
