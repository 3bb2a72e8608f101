package e2e

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// ending is the line of the log at the end of a session.
type ending struct {
	Msg, Room, Participant, Name, Reason, Path, Remote string

	Duration float64  `json:"duration_seconds"`
	Joined   *float64 `json:"joined_after_seconds"`
	Received float64  `json:"received_bytes"`
	In       float64  `json:"received_bps"`
	LossUp   float64  `json:"loss_up"`
	Sent     float64  `json:"sent_bytes"`
	Out      float64  `json:"sent_bps"`
	LossDown float64  `json:"loss_down"`
	NACKs    int      `json:"nacks_up"`
	NACKsIn  int      `json:"nacks_down"`
	Last     float64  `json:"rtt_last_ms"`
	Mean     float64  `json:"rtt_mean_ms"`
}

// endings returns the lines of those that have ended, by name.
func (w *world) endings() map[string][]ending {
	w.t.Helper()
	all := make(map[string][]ending)
	for lines := bufio.NewScanner(strings.NewReader(w.log.String())); lines.Scan(); {
		var e ending
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Msg == "session ended" {
			all[e.Name] = append(all[e.Name], e)
		}
	}
	return all
}

func TestEverySessionEndsInOneLine(t *testing.T) {
	play(t, func(w *world) {
		ana := w.join("ana")
		bob := w.join("bob")
		carl := w.join("carl")
		dora := w.stranger("dora")
		dora.link.cut() // media never comes about
		dora.dial("")
		w.allowed.leaves++
		ana.link.lossy(0.05, 0.05)
		w.allowed.loss = true
		w.run(20 * time.Second)
		ana.link.lossy(0, 0)
		up, down := ana.link.media()
		ana.leave()
		carl.crash()
		w.run(40 * time.Second)
		all := w.endings()
		if len(all) != 3 || len(all["ana"]) != 1 || len(all["carl"]) != 1 || len(all["dora"]) != 1 {
			t.Fatalf("three have left: %+v", all)
		}
		a := all["ana"][0]
		if a.Room != "room" || a.Participant != ana.me.ID || a.Reason != "left" || a.Path != "udp" || a.Remote == "" ||
			a.Duration < 20 || a.Duration > 22 || a.Joined == nil || *a.Joined > 1 {
			t.Errorf("ana left: %+v", a)
		}
		near(t, "of ana's bytes those that came", a.Received, 0.95*float64(up))
		near(t, "what ana was sent", a.Sent, float64(down))
		near(t, "the rate of what came", a.In, 8*a.Received/20)
		near(t, "the rate of what ana was sent", a.Out, 8*a.Sent/20)
		if a.LossUp < 0.02 || a.LossUp > 0.08 || a.LossDown < 0.02 || a.LossDown > 0.08 || a.NACKs == 0 || a.NACKsIn == 0 ||
			a.Last < 20 || a.Mean < 20 || a.Mean > 30 {
			t.Errorf("ana's losses and round trips: %+v", a)
		}
		if c := all["carl"][0]; c.Reason != "lost" || c.Joined == nil || c.Received == 0 {
			t.Errorf("carl is lost: %+v", c)
		}
		if d := all["dora"][0]; d.Reason != "lost" || d.Joined != nil || d.Duration < 15 || d.Path != "" {
			t.Errorf("dora never came: %+v", d)
		}
		bob.leave()
		w.run(time.Second)
		if b := w.endings()["bob"]; len(b) != 1 || b[0].Reason != "left" {
			t.Errorf("bob left: %+v", b)
		}
	})
}
