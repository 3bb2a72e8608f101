package sfu

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"sfu/metrics"
	"sfu/sfu/allocate"
	"sfu/sfu/media"
	"sfu/signaling/wire"
)

func TestAReportTellsWishedGrantedAndFlowing(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.watch()
	sizes := map[string]media.Size{"q": {Width: 320, Height: 180}, "h": {Width: 640, Height: 360}, "f": {Width: 1280, Height: 720}}
	s.run(3*time.Second, sizes)
	report := func() DownTrackReport {
		var p ParticipantReport
		s.bob.inspect(&p, s.now)
		return p.DownTracks[0]
	}
	full := LayerReport{RID: "f", Width: 1280, Height: 720}
	if p := report(); *p.Wished != full || *p.Granted != full || *p.Flowing != full || p.State != "active" {
		t.Errorf("all is wanted and there is room for all: %+v", p)
	}
	s.picture.aim = aim{planned: true, grant: allocate.Grant{Paused: true}}
	if p := report(); *p.Wished != full || p.Granted != nil || p.Flowing != nil || p.State != "paused" || p.Reason != "bandwidth" {
		t.Errorf("there is no room for any: %+v", p)
	}
}

// A room whose loop hangs is refused within a second, by anyone who asks, and no
// question but one waits for it.
func TestARoomThatHangsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRoom("r", 0, metrics.New(), nil)
		p := &participant{identity: identity{id: "ana"}, link: newLink("ana", r.loop, quiet), data: newDataWriter(r.count)}
		r.members = []*member{{participant: p}}
		hang := make(chan struct{})
		r.loop.do(func() { <-hang })
		synctest.Wait()
		for range 3 {
			began := time.Now()
			if _, err := r.inspect(); !errors.Is(err, ErrBusy) || time.Since(began) != inspectWithin {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		}
		asked := len(r.loop.tasks.Take(nil))
		close(hang)
		if asked != 1 {
			t.Errorf("%d questions wait", asked)
		}
		<-r.asking // of the question that was taken away
		if report, err := r.inspect(); err != nil || len(report.Members) != 1 || report.Members[0].ID != "ana" {
			t.Errorf("it goes on: %+v, %v", report, err)
		}
		r.close()
		if _, err := r.inspect(); !errors.Is(err, ErrNoRoom) {
			t.Errorf("it has ended: %v", err)
		}
		p.data.close()
	})
}

// BenchmarkInspect is what a report on a hundred people, each with 64 pairs of slots
// that are all in use, costs the loop, at once and in all.
func BenchmarkInspect(b *testing.B) {
	const people = 100
	l := newMediaLoop(metrics.New(), 0, nil, func([]wire.Speaker) {})
	now := time.Now()
	for i := range people {
		lk := newLink(media.ParticipantID(fmt.Sprintf("p%09d", i)), l, quiet)
		l.addLink(lk)
		for k, source := range []media.Source{media.Microphone, media.Camera} {
			t := &upTrack{id: media.TrackID(fmt.Sprintf("p%09d.%d", i, k)), link: lk, mid: fmt.Sprint(k), source: source, kind: source.Kind()}
			if source == media.Camera {
				t.rids = []string{"q", "h", "f"}
			}
			l.publish(t)
			t.survey(now)
		}
	}
	for _, lk := range l.links {
		for _, t := range l.tracks {
			if t.link != lk && len(lk.down.tracks) < 2*maxPairs {
				d := newDownTrack(lk, t.kind, len(lk.down.tracks)/2)
				lk.down.tracks = append(lk.down.tracks, d)
				d.carry(t, now)
			}
		}
	}
	reports := make([]ParticipantReport, people)
	longest := time.Duration(0)
	for b.Loop() {
		for i := 0; i < people; i += maxInspected {
			began := time.Now()
			for j := i; j < min(i+maxInspected, people); j++ {
				l.links[j].inspect(&reports[j], now)
			}
			longest = max(longest, time.Since(began))
		}
	}
	text, err := json.Marshal(RoomReport{Members: reports})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/(people/maxInspected+1), "µs/turn")
	b.ReportMetric(float64(longest.Microseconds()), "µs/longest")
	b.ReportMetric(float64(len(text)), "bytes")
}
