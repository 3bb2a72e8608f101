package sfu

import (
	"testing"
	"time"

	"sfu/sfu/allocate"
	"sfu/sfu/media"
)

func TestAReportTellsWantedGrantedAndFlowing(t *testing.T) {
	t.Parallel()
	s := newStudio(t, "q", "h", "f")
	s.watch()
	sizes := map[string]media.Size{"q": {Width: 320, Height: 180}, "h": {Width: 640, Height: 360}, "f": {Width: 1280, Height: 720}}
	s.run(3*time.Second, sizes)
	report := func() PictureReport { return s.loop.inspect(s.now)[1].Pictures[0] }
	if p := report(); p.Wanted != 720 || p.Granted != 720 || p.Flowing != 720 || p.State != "active" {
		t.Errorf("all is wanted and there is room for all: %+v", p)
	}
	s.picture.aim = aim{planned: true, grant: allocate.Grant{Paused: true}}
	if p := report(); p.Wanted != 720 || p.Granted != 0 || p.State != "paused" || p.Reason != "bandwidth" {
		t.Errorf("there is no room for any: %+v", p)
	}
}
