package top

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"sfu/sfu"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares lines with a file.
func golden(t *testing.T, file string, lines []string) {
	t.Helper()
	got, path := strings.Join(lines, "\n")+"\n", filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nand was\n%s", file, got, want)
	}
}

var rooms = []sfu.RoomSummary{
	{Room: "attic", Participants: 2, Tracks: 4, Age: 59.9, Received: 3_400_000, Sent: 3_300_000},
	{Room: "hall", Participants: 250, Tracks: 500, Age: 7_265, Received: 420_000_000, Sent: 8_100_000_000, Loss: 0.002},
	{Room: "kitchen", Participants: 3, Tracks: 5, Age: 61, Received: 4_000_000, Sent: 999_999, Loss: 0.137},
	{Room: "\x1b[2J\u202eevil\\ room with a name that does not end", Participants: 1},
}

func layer(height int) *sfu.LayerReport { return &sfu.LayerReport{Height: height} }

var kitchen = sfu.RoomReport{
	RoomSummary: rooms[2],
	Members: []sfu.ParticipantReport{
		{Name: "Ana", Media: true, Signalling: true, Path: "udp", Score: 5, RTT: 21.4,
			Up:   sfu.UpReport{Bitrate: 1_850_000, Loss: 0.004},
			Down: sfu.DownReport{Bitrate: 1_620_000, Estimate: 4_200_000},
			DownTracks: []sfu.DownTrackReport{
				{Kind: "audio"},
				{Kind: "video", State: "active", Wished: layer(720), Granted: layer(720), Flowing: layer(720)},
				{Kind: "video", State: "active", Wished: layer(180), Granted: layer(180), Flowing: layer(0)},
				{Kind: "video", State: "paused", Reason: "muted"},
			}},
		{Name: "Ben", Media: true, Path: "turn-tls", Score: 2, RTT: 312,
			Up:   sfu.UpReport{Bitrate: 46_000, Loss: 0.137},
			Down: sfu.DownReport{Bitrate: 88_000, Loss: 0.021, Estimate: 96_000, Held: 41, DataQueue: 70_000},
			DownTracks: []sfu.DownTrackReport{
				{Kind: "video", State: "active", Wished: layer(720), Granted: layer(180), Flowing: layer(180)},
				{Kind: "video", State: "paused", Reason: "bandwidth", Wished: layer(360)},
			}},
		{Name: "Chloë\n\x1b]0;owned\a", Signalling: true, Score: 5},
	},
}

func TestTables(t *testing.T) {
	t.Parallel()
	golden(t, "rooms.txt", Rooms(rooms, Screen{100, 40}))
	golden(t, "room.txt", Room(kitchen, Screen{160, 40}))
	golden(t, "narrow.txt", Room(kitchen, Screen{60, 5}))
	golden(t, "empty.txt", Rooms(nil, Screen{80, 24}))
}

func TestNoTableIsLargerThanItsScreen(t *testing.T) {
	t.Parallel()
	for width := range 140 {
		for height := 1; height < 9; height++ {
			s := Screen{width, height}
			for _, lines := range [][]string{Rooms(rooms, s), Room(kitchen, s)} {
				if len(lines) > height {
					t.Errorf("%d lines on a screen of %d", len(lines), height)
				}
				for _, line := range lines {
					if n := utf8.RuneCountInString(line); n > max(width, 1) {
						t.Errorf("a line of %d characters on a screen of %d: %s", n, width, line)
					}
				}
			}
		}
	}
}

// Whatever people call themselves, nothing of it moves a cursor.
func FuzzName(f *testing.F) {
	f.Add("Ana")
	f.Add("\x1b[2J\x00\u202e\xff\u009b")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range name(s) {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				t.Errorf("%q shows %U", s, r)
			}
		}
	})
}
