package sfu

import (
	"slices"

	"sfu/sfu/media"
	"sfu/sfu/slots"
	"sfu/signaling/wire"
)

// view is the roster as one participant knows it: the others, in the order in
// which they joined.
type view struct{ rows []wire.Participant }

func (v *view) reset(rows []wire.Participant) { v.rows = rows }

// list returns a copy, for a message.
func (v *view) list() []wire.Participant {
	return append([]wire.Participant{}, v.rows...)
}

// apply takes one change and reports whether it is about tracks. Changes may
// repeat what the view knows already: after a resume it starts from a roster
// that is newer than the mail.
func (v *view) apply(msg wire.Server) bool {
	switch m := msg.(type) {
	case *wire.ParticipantJoined:
		if row := v.row(m.Participant.ID); row != nil {
			*row = m.Participant
			return true
		}
		v.rows = append(v.rows, m.Participant)
	case *wire.ParticipantLeft:
		v.rows = slices.DeleteFunc(v.rows, func(r wire.Participant) bool { return r.ID == m.Participant })
	case *wire.TrackPublished:
		v.setTrack(m.Participant, m.Track)
	case *wire.TrackUpdated:
		v.setTrack(m.Participant, m.Track)
	case *wire.TrackUnpublished:
		if row := v.row(m.Participant); row != nil {
			row.Tracks = slices.DeleteFunc(slices.Clone(row.Tracks),
				func(t wire.Track) bool { return t.ID == m.Track })
		}
	default:
		return false
	}
	return true
}

func (v *view) row(id string) *wire.Participant {
	for i := range v.rows {
		if v.rows[i].ID == id {
			return &v.rows[i]
		}
	}
	return nil
}

func (v *view) setTrack(id string, t wire.Track) {
	row := v.row(id)
	if row == nil {
		return
	}
	tracks := slices.Clone(row.Tracks) // the room's own row shares it
	if i := slices.IndexFunc(tracks, func(old wire.Track) bool { return old.ID == t.ID }); i >= 0 {
		tracks[i] = t
	} else {
		tracks = append(tracks, t)
	}
	row.Tracks = tracks
}

// plays reports whether somebody can be seen or heard.
func (v *view) plays() bool {
	return slices.ContainsFunc(v.rows, func(row wire.Participant) bool {
		return slices.ContainsFunc(row.Tracks, func(t wire.Track) bool { return !t.Muted })
	})
}

// has reports whether somebody publishes the track.
func (v *view) has(id media.TrackID) bool {
	for _, row := range v.rows {
		if slices.ContainsFunc(row.Tracks, func(t wire.Track) bool { return t.ID == string(id) }) {
			return true
		}
	}
	return false
}

// wishes returns what the participant is to be sent: everyone's camera and
// screen, those with a pinned track first, and else in the order in which they
// joined.
func (v *view) wishes(pinned map[media.TrackID]bool) []slots.Wish {
	var first, wishes []slots.Wish
	for _, row := range v.rows {
		for _, screen := range []bool{false, true} {
			wish := slots.Wish{Group: slots.Group{Participant: media.ParticipantID(row.ID), Screen: screen}}
			for _, t := range row.Tracks {
				source, ok := media.ParseSource(t.Source)
				if !ok || (source == media.Screen || source == media.ScreenAudio) != screen {
					continue
				}
				if source.Kind() == media.Video {
					wish.Video = media.TrackID(t.ID)
				} else {
					wish.Audio = media.TrackID(t.ID)
				}
			}
			switch {
			case wish.Audio == "" && wish.Video == "":
			case pinned[wish.Audio] || pinned[wish.Video]:
				first = append(first, wish)
			default:
				wishes = append(wishes, wish)
			}
		}
	}
	return append(first, wishes...)
}
