package sfu

import (
	"testing"
	"time"

	"sfu/sfu/allocate"
	"sfu/sfu/media"
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
