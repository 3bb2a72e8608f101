package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sfu/sfu"
	"sfu/sfu/media"
)

// Screen is how much room there is, in characters.
type Screen struct{ Width, Height int }

// Rooms draws the list of rooms, the one with the worst loss first.
func Rooms(list []sfu.RoomSummary, s Screen) []string {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b sfu.RoomSummary) int {
		return cmp.Or(cmp.Compare(b.Loss, a.Loss), cmp.Compare(b.Participants, a.Participants), strings.Compare(a.Room, b.Room))
	})
	columns := []column{{"ROOM", true}, {"PEOPLE", false}, {"TRACKS", false}, {"IN", false}, {"OUT", false}, {"LOSS", false}, {"AGE", false}}
	var rows [][]string
	people := 0
	for _, r := range list {
		people += r.Participants
		rows = append(rows, []string{
			name(r.Room), fmt.Sprint(r.Participants), fmt.Sprint(r.Tracks), rate(r.Received), rate(r.Sent), percent(r.Loss), age(r.Age),
		})
	}
	title := fmt.Sprintf("%s, %s", count(len(list), "room"), count(people, "participant"))
	return s.fit(title, draw(columns, rows, s.Width))
}

// Room draws the people of one room, who fares worst first.
func Room(r sfu.RoomReport, s Screen) []string {
	people := slices.Clone(r.Members)
	slices.SortStableFunc(people, func(a, b sfu.ParticipantReport) int {
		return cmp.Or(compareBool(b.Media, a.Media), cmp.Compare(a.Score, b.Score), cmp.Compare(worst(b), worst(a)), strings.Compare(a.Name, b.Name))
	})
	columns := []column{
		{"NAME", true}, {"PATH", true}, {"RTT", false}, {"LOSS UP", false}, {"DOWN", false}, {"IN", false}, {"OUT", false},
		{"ESTIMATE", false}, {"HELD", false}, {"DATA", false}, {"PICTURES wished/granted/flowing", true},
	}
	var rows [][]string
	for _, p := range people {
		rows = append(rows, []string{
			name(p.Name), path(p), fmt.Sprintf("%.0f ms", p.RTT), percent(p.Up.Loss), percent(p.Down.Loss),
			rate(p.Up.Bitrate), rate(p.Down.Bitrate), rate(p.Down.Estimate), fmt.Sprint(p.Down.Held), size(p.Down.DataQueue), pictures(p.DownTracks),
		})
	}
	title := fmt.Sprintf("%s: %s, in %s, out %s, for %s", name(r.Room), count(len(people), "participant"), rate(r.Received), rate(r.Sent), age(r.Age))
	return s.fit(title, draw(columns, rows, s.Width))
}

// fit puts a title over a table, and says how much of it the screen has no room for.
func (s Screen) fit(title string, table []string) []string {
	lines := append([]string{cut(title, s.Width), ""}, table...)
	if over := len(lines) - s.Height; over > 0 && s.Height > 0 {
		lines = append(lines[:s.Height-1], cut(fmt.Sprintf("and %d more", over+1), s.Width))
	}
	return lines
}

func worst(p sfu.ParticipantReport) float64 { return max(p.Up.Loss, p.Down.Loss) }

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// path is the way that media takes, or what is missing.
func path(p sfu.ParticipantReport) string {
	switch {
	case !p.Media:
		return "no media"
	case !p.Signalling:
		return p.Path + ", no socket"
	}
	return p.Path
}

// pictures are those that somebody is sent, by their heights; first those that are
// not as wished.
func pictures(tracks []sfu.DownTrackReport) string {
	var less, as []string
	for _, d := range tracks {
		if d.Kind != media.Video.String() {
			continue
		}
		text := strings.Join([]string{height(d.Wished), height(d.Granted), height(d.Flowing)}, "/")
		if d.Reason != "" {
			text += " " + d.Reason
		}
		if d.Reason != "" || height(d.Wished) != height(d.Flowing) {
			less = append(less, text)
		} else {
			as = append(as, text)
		}
	}
	return strings.Join(append(less, as...), ", ")
}

func height(l *sfu.LayerReport) string {
	switch {
	case l == nil:
		return "-"
	case l.Height == 0:
		return "?"
	}
	return fmt.Sprint(l.Height)
}

func percent(ratio float64) string { return fmt.Sprintf("%.1f%%", 100*ratio) }

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// rate is a bitrate in a few characters.
func rate(b media.Bitrate) string {
	switch {
	case b == 0:
		return "-"
	case b < 999_500:
		return fmt.Sprintf("%.0fk", float64(b)/1e3)
	case b < 999_500_000:
		return fmt.Sprintf("%.1fM", float64(b)/1e6)
	}
	return fmt.Sprintf("%.1fG", float64(b)/1e9)
}

func size(bytes int) string {
	if bytes < 1024 {
		return fmt.Sprint(bytes)
	}
	return fmt.Sprintf("%dK", bytes>>10)
}

func age(seconds float64) string {
	s := int(seconds)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}
