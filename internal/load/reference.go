package load

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"sfu/signaling/wire"
)

// Reference is the smallest forwarder that pion allows, and what most SFUs on
// pion grow from: one mux, the default interceptors, a TrackLocalStaticRTP for
// each track, and nothing else. It speaks as much of our protocol as the bots
// need, and is no server for anybody else.
type Reference struct {
	api      *webrtc.API
	mux      ice.UDPMux
	upgrader websocket.Upgrader
	ids      atomic.Int64

	mu    sync.Mutex // guards the rooms and everything in them
	rooms map[string]*refRoom
	all   map[*refMember]bool
	done  sync.WaitGroup
}

type refRoom struct {
	members map[*refMember]bool
	tracks  map[*webrtc.TrackLocalStaticRTP]*refMember
}

// refMember is one participant.
type refMember struct {
	ref  *Reference
	room *refRoom
	conn *websocket.Conn
	pc   *webrtc.PeerConnection

	write   sync.Mutex // guards writing to conn
	offers  uint64     // what is below is guarded by the reference's mutex
	talking bool       // an offer waits for its answer, or the first has not come
	again   bool       // and another has to follow
}

// NewReference opens a media port at the address.
func NewReference(addr netip.Addr) (*Reference, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	r := &Reference{
		mux:   ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn}),
		rooms: make(map[string]*refRoom), all: make(map[*refMember]bool),
		upgrader: websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}},
	}
	var settings webrtc.SettingEngine
	settings.SetICEUDPMux(r.mux)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	r.api = webrtc.NewAPI(webrtc.WithSettingEngine(settings)) // default codecs and interceptors
	return r, nil
}

// ServeHTTP is the WebSocket.
func (r *Reference) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	conn, err := r.upgrader.Upgrade(w, req, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	pc, err := r.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return
	}
	m := &refMember{ref: r, conn: conn, pc: pc, talking: true}
	pc.OnTrack(m.forward)
	r.done.Add(1)
	defer r.done.Done()
	defer m.leave()
	for {
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return
		}
		msg, err := wire.Decode(raw)
		if err == nil {
			err = m.handle(msg)
		}
		if err != nil {
			m.send(&wire.Error{Code: wire.CodeInternal, Message: err.Error(), Fatal: true})
			return
		}
	}
}

func (m *refMember) send(msg wire.Server) {
	raw, err := wire.Encode(msg)
	if err != nil {
		return
	}
	m.write.Lock()
	defer m.write.Unlock()
	_ = m.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	_ = m.conn.WriteMessage(websocket.TextMessage, raw)
}

func (m *refMember) handle(msg wire.Client) error {
	m.ref.mu.Lock()
	defer m.ref.mu.Unlock()
	switch msg := msg.(type) {
	case *wire.JoinRoom:
		m.join(msg)
		return nil
	case *wire.Offer:
		return m.answer(msg)
	case *wire.Answer:
		if err := m.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: msg.SDP}); err != nil {
			return err
		}
		m.talking = false
		if m.again {
			m.again = false
			return m.offer()
		}
	case *wire.Leave:
		return errors.New("goodbye")
	}
	return nil
}

func (m *refMember) join(msg *wire.JoinRoom) {
	room := m.ref.rooms[msg.Room]
	if room == nil {
		room = &refRoom{members: make(map[*refMember]bool), tracks: make(map[*webrtc.TrackLocalStaticRTP]*refMember)}
		m.ref.rooms[msg.Room] = room
	}
	m.room, room.members[m], m.ref.all[m] = room, true, true
	id := "p" + strconv.FormatInt(m.ref.ids.Add(1), 10)
	m.send(&wire.Welcome{Version: 1, Participant: wire.Participant{ID: id, Name: msg.Name}, Room: msg.Room})
}

// answer takes the client's first offer, and gives it what is there already.
func (m *refMember) answer(msg *wire.Offer) error {
	if m.room == nil {
		return errors.New("an offer before join_room")
	}
	if err := m.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: msg.SDP}); err != nil {
		return err
	}
	for track, owner := range m.room.tracks {
		if err := m.watch(track, owner); err != nil {
			return err
		}
	}
	answer, err := m.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	sdp, err := m.local(answer)
	if err != nil {
		return err
	}
	m.send(&wire.Answer{ID: msg.ID, SDP: sdp})
	m.talking = false
	unanswered := func(t *webrtc.RTPTransceiver) bool { return t.Mid() == "" } // more than the offer has room for
	if m.again || slices.ContainsFunc(m.pc.GetTransceivers(), unanswered) {
		m.again = false
		return m.offer()
	}
	return nil
}

// offer brings what was added since; one at a time.
func (m *refMember) offer() error {
	if m.talking {
		m.again = true
		return nil
	}
	offer, err := m.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	sdp, err := m.local(offer)
	if err != nil {
		return err
	}
	m.talking = true
	m.offers++
	m.send(&wire.Offer{ID: m.offers, SDP: sdp})
	return nil
}

func (m *refMember) local(desc webrtc.SessionDescription) (string, error) {
	gathered := webrtc.GatheringCompletePromise(m.pc)
	if err := m.pc.SetLocalDescription(desc); err != nil {
		return "", err
	}
	<-gathered
	return m.pc.LocalDescription().SDP, nil
}

// watch sends a track to m, and its requests for keyframes to the owner.
func (m *refMember) watch(track *webrtc.TrackLocalStaticRTP, owner *refMember) error {
	sender, err := m.pc.AddTrack(track)
	if err != nil {
		return err
	}
	m.ref.done.Go(func() {
		for {
			packets, _, err := sender.ReadRTCP()
			if err != nil {
				return
			}
			for _, p := range packets {
				if _, ok := p.(*rtcp.PictureLossIndication); ok {
					owner.wantKeyframe()
				}
			}
		}
	})
	owner.wantKeyframe()
	return nil
}

// wantKeyframe asks for a keyframe of everything that m sends.
func (m *refMember) wantKeyframe() {
	for _, receiver := range m.pc.GetReceivers() {
		if track := receiver.Track(); track != nil && track.Kind() == webrtc.RTPCodecTypeVideo {
			_ = m.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
		}
	}
}

// forward gives a track of m's to everyone in the room.
func (m *refMember) forward(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	stream := fmt.Sprintf("%p", m)
	local, err := webrtc.NewTrackLocalStaticRTP(remote.Codec().RTPCodecCapability, remote.Kind().String(), stream)
	if err != nil {
		return
	}
	m.ref.mu.Lock()
	m.room.tracks[local] = m
	for other := range m.room.members {
		if other == m || other.pc.RemoteDescription() == nil {
			continue // gets it with its answer
		}
		if err := other.watch(local, m); err == nil {
			_ = other.offer()
		}
	}
	m.ref.mu.Unlock()
	for {
		p, _, err := remote.ReadRTP()
		if err != nil {
			return
		}
		if err := local.WriteRTP(p); err != nil {
			return
		}
	}
}

// leave forgets m. The others keep its dead sections: nobody joins twice here.
func (m *refMember) leave() {
	m.ref.mu.Lock()
	delete(m.ref.all, m)
	if m.room != nil {
		delete(m.room.members, m)
		for track, owner := range m.room.tracks {
			if owner == m {
				delete(m.room.tracks, track)
			}
		}
	}
	m.ref.mu.Unlock()
	_ = m.pc.Close()
}

// Close ends every connection and waits.
func (r *Reference) Close() error {
	r.mu.Lock()
	for m := range r.all {
		_ = m.conn.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
	return r.mux.Close()
}
