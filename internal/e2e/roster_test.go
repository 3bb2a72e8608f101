package e2e

import (
	"slices"
	"time"

	"sfu/signaling/wire"
)

// roster is who is in the room, as the peer was told.
type roster struct {
	rows map[string]wire.Participant
	left map[string]left
}

// left is when and why somebody is gone.
type left struct {
	at     time.Time
	reason string
}

func newRoster() roster {
	return roster{rows: make(map[string]wire.Participant), left: make(map[string]left)}
}

func (r *roster) reset(rows []wire.Participant) {
	clear(r.rows)
	for _, row := range rows {
		r.rows[row.ID] = row
	}
}

// apply takes one change and returns what is wrong with it.
func (r *roster) apply(msg wire.Server) (fault string) {
	switch m := msg.(type) {
	case *wire.ParticipantJoined:
		if _, here := r.rows[m.Participant.ID]; here {
			return "the roster lets somebody in twice"
		}
		r.rows[m.Participant.ID] = m.Participant
	case *wire.ParticipantLeft:
		if _, here := r.rows[m.Participant]; !here {
			return "the roster lets somebody out who is not in"
		}
		delete(r.rows, m.Participant)
		r.left[m.Participant] = left{time.Now(), m.Reason}
	case *wire.TrackPublished:
		return r.change(m.Participant, m.Track.ID, &m.Track, false)
	case *wire.TrackUpdated:
		return r.change(m.Participant, m.Track.ID, &m.Track, true)
	case *wire.TrackUnpublished:
		return r.change(m.Participant, m.Track, nil, true)
	}
	return ""
}

// change replaces, adds or removes a track, which must be there or not.
func (r *roster) change(id, track string, to *wire.Track, known bool) (fault string) {
	row, here := r.rows[id]
	if !here {
		return "the roster changes a track of somebody who is not in"
	}
	i := slices.IndexFunc(row.Tracks, func(t wire.Track) bool { return t.ID == track })
	if (i >= 0) != known {
		return "the roster changes a track that is not there, or adds one that is"
	}
	tracks := slices.Clone(row.Tracks)
	switch {
	case i < 0:
		tracks = append(tracks, *to)
	case to == nil:
		tracks = slices.Delete(tracks, i, i+1)
	default:
		tracks[i] = *to
	}
	row.Tracks = tracks
	r.rows[id] = row
	return ""
}
