package wire

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestReports(t *testing.T) {
	t.Parallel()
	n := func(n int) *int { return &n }
	for _, tc := range []struct {
		name, in string
		want     *Report
	}{
		{"all of it", `{"steps":{"devices":0,"sound":600000},"interval":10000,` +
			`"pictures":[{"watched":10000,"frames":300,"undecoded":0,"freezes":1,"frozen":10000}],"sounds":[{"samples":480000,"concealed":480000}]}`,
			&Report{
				Steps: &JoinSteps{Devices: n(0), Sound: n(600_000)}, Interval: 10_000,
				Pictures: []PictureReport{{Watched: 10_000, Frames: 300, Undecoded: n(0), Freezes: n(1), Frozen: n(10_000)}},
				Sounds:   []SoundReport{{Samples: 480_000, Concealed: 480_000}},
			}},
		{"what a browser does not tell is left out", `{"interval":1,"pictures":[{"watched":1}]}`,
			&Report{Interval: 1, Pictures: []PictureReport{{Watched: 1}}}},
		{"null is not told", `{"interval":1,"steps":null,"pictures":[{"watched":1,"frozen":null}]}`,
			&Report{Interval: 1, Pictures: []PictureReport{{Watched: 1}}}},
		{"the join alone", `{"steps":{}}`, &Report{Steps: &JoinSteps{}}},
		{"nobody was there", `{"interval":10000}`, &Report{Interval: 10_000}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := Decode([]byte(`{"type":"report",` + tc.in[1:]))
			if err != nil || !reflect.DeepEqual(got, Client(tc.want)) {
				t.Errorf("%+v, %v; want %+v", got, err, tc.want)
			}
		})
	}
}

// hostileReports are what only somebody sends who wants to spoil the figures.
var hostileReports = []struct {
	name, in string
	code     Code
}{
	{"nothing", `{}`, CodeBadMessage},
	{"an interval that is none", `{"interval":0,"pictures":[]}`, CodeBadMessage},
	{"a negative interval", `{"interval":-1}`, CodeBadMessage},
	{"a long interval", `{"interval":60001}`, CodeBadMessage},
	{"an interval beyond all numbers", `{"interval":1e999}`, CodeBadMessage},
	{"NaN", `{"interval":NaN}`, CodeBadMessage},
	{"half a millisecond", `{"interval":0.5}`, CodeBadMessage},
	{"a text", `{"interval":"10000"}`, CodeBadMessage},
	{"steps that are a list", `{"steps":[1,2]}`, CodeBadMessage},
	{"a negative step", `{"steps":{"picture":-1}}`, CodeBadMessage},
	{"a step that takes longer than a meeting", `{"steps":{"sound":600001}}`, CodeBadMessage},
	{"watched for longer than there was", `{"interval":10000,"pictures":[{"watched":10001,"frames":1}]}`, CodeBadMessage},
	{"watched without an interval", `{"steps":{},"pictures":[{"watched":1,"frames":1}]}`, CodeBadMessage},
	{"watched before the beginning", `{"interval":10000,"pictures":[{"watched":-1,"frames":0}]}`, CodeBadMessage},
	{"frozen for longer than watched", `{"interval":10000,"pictures":[{"watched":5000,"frames":1,"frozen":5001}]}`, CodeBadMessage},
	{"frozen for less than nothing", `{"interval":10000,"pictures":[{"watched":5000,"frames":1,"frozen":-1}]}`, CodeBadMessage},
	{"more freezes than there is room for", `{"interval":10000,"pictures":[{"watched":1500,"frames":1,"freezes":12}]}`, CodeBadMessage},
	{"more than a frame a millisecond", `{"interval":10000,"pictures":[{"watched":1000,"frames":1001}]}`, CodeBadMessage},
	{"negative frames", `{"interval":10000,"pictures":[{"watched":1000,"frames":-1}]}`, CodeBadMessage},
	{"too many that were not decoded", `{"interval":10000,"pictures":[{"watched":1000,"frames":1,"undecoded":1001}]}`, CodeBadMessage},
	{"sound beyond all rates", `{"interval":1,"sounds":[{"samples":193,"concealed":0}]}`, CodeBadMessage},
	{"more made up than heard", `{"interval":1000,"sounds":[{"samples":48000,"concealed":48001}]}`, CodeBadMessage},
	{"the last of many", `{"interval":1000,"sounds":[` + strings.Repeat(`{"samples":1,"concealed":1},`, 63) + `{"samples":1,"concealed":2}]}`, CodeBadMessage},
	{"too many pictures", `{"interval":1000,"pictures":[` + strings.Repeat(`{"watched":1,"frames":1},`, 64) + `{"watched":1,"frames":1}]}`, CodeTooLarge},
	{"too many sounds", `{"interval":1000,"sounds":[` + strings.Repeat(`{"samples":1,"concealed":1},`, 64) + `{"samples":1,"concealed":1}]}`, CodeTooLarge},
}

func TestReportsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, tc := range hostileReports {
		in := fmt.Sprintf(`{"type":"report",%s`, tc.in[1:])
		if tc.in == "{}" {
			in = `{"type":"report"}`
		}
		msg, err := Decode([]byte(in))
		var refusal *Error
		if msg != nil || !errors.As(err, &refusal) {
			t.Errorf("%s: %+v, %v", tc.name, msg, err)
			continue
		}
		if about := refusal.Request; refusal.Code != tc.code || about != "report" && !strings.Contains(in, "NaN") || refusal.Fatal {
			t.Errorf("%s: %+v, want %s", tc.name, refusal, tc.code)
		}
	}
}

func FuzzReport(f *testing.F) {
	for _, tc := range hostileReports {
		f.Add([]byte(tc.in))
	}
	f.Add([]byte(`{"steps":{"devices":1},"interval":60000,"pictures":[{"watched":60000,"frames":60000,"freezes":401}],"sounds":[{"samples":11520000,"concealed":0}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || data[0] != '{' {
			return
		}
		msg, err := Decode(append([]byte(`{"type":"report",`), data[1:]...))
		m, ok := msg.(*Report)
		if err != nil || !ok {
			return // also another type, written a second time
		}
		if m.Interval < 0 || m.Interval > MaxInterval || len(m.Pictures) > MaxReported || len(m.Sounds) > MaxReported {
			t.Fatalf("%+v", m)
		}
		for _, p := range m.Pictures {
			if p.Watched > m.Interval || p.Frames < 0 || p.Frozen != nil && (*p.Frozen < 0 || *p.Frozen > p.Watched) {
				t.Fatalf("%+v in %d ms", p, m.Interval)
			}
		}
		for _, s := range m.Sounds {
			if s.Concealed < 0 || s.Concealed > s.Samples {
				t.Fatalf("%+v", s)
			}
		}
	})
}
