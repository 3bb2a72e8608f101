package sfu

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"sfu/metrics"
	"sfu/sfu/mailbox"
	"sfu/sfu/media"
	"sfu/sfu/part"
	"sfu/sfu/quality"
	"sfu/signaling/wire"
)

const (
	// maxMail bounds what a participant may have waiting. Who falls so far
	// behind is lost: its view of the room would be wrong.
	maxMail = 4096

	connectWithin = 20 * time.Second // from join to media, first time
	// mediaGrace is how long a connection may stay disconnected before its
	// participant is given up; with iceDisconnected it stays below the 10 s
	// within which the others are to be told.
	mediaGrace = 4 * time.Second
)

// participant is one identity in a room: its signalling session and its
// PeerConnection. Its run loop owns everything but mail; methods called apply…
// run there and nowhere else.
type participant struct {
	identity
	server *Server
	room   *room
	log    *slog.Logger
	mail   *mailbox.Mailbox[func()]
	quit   chan struct{} // closed when the participant cannot go on
	once   sync.Once     // closes quit

	connection
	link     *link
	data     *dataWriter
	session  *Session // nil while the socket is lost
	view     view
	pinned   map[media.TrackID]bool
	talks    negotiation
	slots    slotTable
	presence presence
}

// identity is who a participant is; it never changes.
type identity struct {
	id       media.ParticipantID
	name     string
	role     string
	metadata json.RawMessage
	resume   string // the secret that takes the participant up again
}

// presence is what decides whether a participant is still there.
type presence struct {
	joined    time.Time
	connected bool             // media is up now
	ever      bool             // media was up once
	mediaLost time.Time        // since when it is not
	socketAt  time.Time        // when the socket was lost
	stepped   metrics.JoinStep // the steps below it are done
	left      bool
	reason    metrics.LeaveReason
	media     time.Duration // from join to media, the first time
	meter     quality.Meter // of the connection
	told      told
}

func newParticipant(s *Server, r *room, req *wire.JoinRoom) (*participant, error) {
	id := media.ParticipantID(rand.Text()[:10])
	p := &participant{
		identity: identity{
			id: id, name: req.Name, role: "member", metadata: req.Metadata,
			resume: string(id) + "." + rand.Text(),
		},
		server: s, room: r,
		log:  s.log.With("room", r.name, "participant", id),
		mail: mailbox.New[func()](maxMail),
		quit: make(chan struct{}),

		pinned: make(map[media.TrackID]bool),
	}
	p.presence = presence{joined: time.Now(), mediaLost: time.Now(), reason: metrics.LeaveLost}
	p.link = newLink(id, r.loop, linkHooks{
		flood:  func() { p.overrun(metrics.LimitStreams) },
		silent: func(mid string) { p.put(func() { p.applySilence(mid) }) },
		layers: func(track media.TrackID, active map[string]bool) {
			p.put(func() { p.applyLayers(track, active) })
		},
		sight:     func(s wire.TrackState) { p.put(func() { p.applySight(s) }) },
		condition: func(in quality.Input) { p.put(func() { p.applyCondition(in) }) },
	})
	p.data = newDataWriter(s.count)
	p.link.data = p.data
	p.keys = &keys{}
	pc, err := s.peers.newPeer(p.link.sink, p.keys)
	if err != nil {
		return nil, err
	}
	p.pc = pc
	pc.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(func(*webrtc.ICECandidatePair) {
		p.put(p.applyPath)
	})
	pc.OnICEConnectionStateChange(func(webrtc.ICEConnectionState) { p.put(p.applyICEState) })
	pc.SCTP().Transport().OnStateChange(tellApart)
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { p.put(p.applyState) })
	pc.OnDataChannel(func(dc *webrtc.DataChannel) { p.acceptData(dc) })
	r.loop.do(func() { r.loop.addLink(p.link) })
	return p, nil
}

// abandon undoes newParticipant for one who was not let in.
func (p *participant) abandon() {
	p.room.loop.do(func() { p.room.loop.removeLink(p.link) })
	p.data.close()
	_ = p.pc.GracefulClose()
}

// put gives the loop something to do. A participant that has too much waiting
// is lost.
func (p *participant) put(task func()) {
	if !p.mail.Put(task) {
		p.overrun(metrics.LimitCommands)
	}
}

// overrun ends a participant that asks more than it may. Once it has ended by itself
// this does nothing.
func (p *participant) overrun(limit metrics.Limit) {
	p.once.Do(func() {
		p.server.count.Door.Limited[limit].Inc()
		close(p.quit)
	})
}

// giveUp ends the participant from anywhere, without blocking.
func (p *participant) giveUp() { p.once.Do(func() { close(p.quit) }) }

// run is the participant's loop. It returns when everything the participant
// owned is gone.
func (p *participant) run() {
	part.Signalling.Enter()
	p.log.Info("joined", "name", p.name)
	timer := time.NewTimer(connectWithin)
	defer timer.Stop()
	var tasks []func()
	for !p.presence.left {
		select {
		case <-p.quit:
			p.fail(wire.CodeRateLimited, "This connection asks more of the server than it can do.", nil)
		case <-p.mail.Wake():
		case <-timer.C:
		}
		tasks = p.mail.Take(tasks)
		for _, task := range tasks {
			task()
		}
		now := time.Now()
		p.negotiateDue(now)
		p.watch(now)
		timer.Reset(p.nextDeadline(now))
	}
	p.close()
}

// close lets go of everything, in the order in which others depend on it.
func (p *participant) close() {
	p.giveUp() // whoever waits for something on our behalf stops waiting
	lk, way, lasted := p.link, p.origin, time.Since(p.presence.joined)
	p.room.remove(p, p.presence.reason)
	lk.loop.do(func() { lk.loop.removeLink(lk) })
	p.room.relay.leave(p)
	p.shut()
	if err := p.pc.GracefulClose(); err != nil {
		p.log.Debug("connection closed with an error", "error", err)
	}
	p.data.close()
	if !p.presence.ever {
		p.server.count.Joins[metrics.JoinFailed].Inc()
	}
	p.server.count.Session.Seconds.Observe(lasted.Seconds())
	p.mail.Close()
	for _, task := range p.mail.Take(nil) {
		task() // a session that came too late has to hear of it
	}
	p.recount(way, lasted)
}

// leave makes the loop end.
func (p *participant) leave(reason metrics.LeaveReason) {
	if !p.presence.left {
		p.presence.left, p.presence.reason = true, reason
	}
}

// send tells the client something, if it has a socket.
func (p *participant) send(msg wire.Server) {
	if p.session != nil {
		p.session.send(msg)
	}
}

// fail tells the client that its session is broken, and ends it.
func (p *participant) fail(code wire.Code, message string, cause error) {
	p.log.Warn("session failed", "code", code, "error", cause)
	p.send(refuse(code, message))
	p.leave(metrics.LeaveLost)
}

// applyWelcome answers join_room.
func (p *participant) applyWelcome(s *Session, others []wire.Participant) {
	if p.presence.left {
		s.send(refuse(wire.CodeInternal, "The session ended before it began. Try again."))
		return
	}
	p.session = s
	p.view.reset(others)
	if p.view.plays() {
		p.link.loop.do(func() { p.link.first.awaited = true })
	}
	p.welcome(false)
}

// applyResume gives the participant another socket: it is told everything
// again, because nobody knows what the old one still carried.
func (p *participant) applyResume(s *Session) {
	if p.presence.left {
		s.send(refuse(wire.CodeNotFound, "This session has ended. Join again."))
		return
	}
	if p.session != nil {
		p.send(refuse(wire.CodeReplaced, "This session went on in another connection."))
	}
	p.session = s
	p.room.reach(p, true)
	p.presence.socketAt = time.Time{}
	p.server.count.Resumes.Inc()
	p.log.Info("resumed")
	p.view.reset(p.room.others(p))
	p.welcome(true)
	p.slots.sent = nil
	p.assignSlots()
	p.repeatLayers()
	p.repeatSights()
	p.talks.state.Reconnected(time.Now())
}

func (p *participant) welcome(resumed bool) {
	cfg, live := p.server.cfg, p.server.live.Load()
	servers := live.iceServers
	if cfg.Relays != nil {
		servers = slices.Concat(servers, cfg.Relays(string(p.id)))
	}
	p.send(&wire.Welcome{
		Version: wire.Version,
		Participant: wire.Participant{
			ID: string(p.id), Name: p.name, Metadata: p.metadata, Role: p.role, Tracks: p.talks.published(),
		},
		Room: p.room.name, Participants: p.view.list(), ICEServers: servers,
		Resume: p.resume, Resumed: resumed, Role: p.role,
		Limits: wire.Limits{
			MessageBytes: wire.MaxMessage, DataMessageBytes: MaxDataMessage,
			Participants: live.participants, Tracks: media.NumSources,
			DataChannels: maxDataChannels, ResumeSeconds: int(cfg.ResumeTime.Seconds()),
		},
	})
	p.sendScores()
}

// mayResume reports whether token is this participant's secret.
func (p *participant) mayResume(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(p.resume)) == 1
}

// apply handles one message of the client.
func (p *participant) apply(msg wire.Client) {
	switch m := msg.(type) {
	case *wire.Offer:
		p.applyOffer(m)
	case *wire.Answer:
		p.applyAnswer(m)
	case *wire.ICE:
		p.applyCandidate(m)
	case *wire.UpdateTrack:
		p.applyUpdateTrack(m)
	case *wire.Subscribe:
		p.applySubscribe(m)
	case *wire.Restart:
		p.log.Debug("client is about to restart ICE")
	case *wire.Report:
		p.applyReport(m)
	case *wire.Leave:
		p.leave(metrics.LeaveLeft)
	}
}

// applyRoster takes a change of the room's roster: for our own view, and for
// the client.
func (p *participant) applyRoster(msg wire.Server) {
	if p.presence.left {
		return
	}
	changed := p.view.apply(msg)
	maps.DeleteFunc(p.pinned, func(id media.TrackID, _ bool) bool { return !p.view.has(id) })
	p.send(msg)
	if changed {
		p.assignSlots()
	}
}

// applyEnd makes the participant leave because the room or the server ends.
func (p *participant) applyEnd(reason metrics.LeaveReason, last *wire.Error) {
	p.send(last)
	p.leave(reason)
}
