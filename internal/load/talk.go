package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"

	"sfu/signaling/wire"
)

const (
	dialWithin  = 10 * time.Second
	writeWithin = 5 * time.Second
	firstPlaces = 3 // down sections of each kind in the first offer, as docs/signaling.md suggests
)

// talk is a bot's half of the signalling. Its reader handles one message after
// the other.
type talk struct {
	bot   *bot
	conn  *websocket.Conn
	done  chan struct{} // closed when the reader has ended
	write sync.Mutex    // guards writing to conn
	left  bool          // said goodbye; write guards it

	offers uint64
}

// join opens the door; what follows happens on the reader's goroutine.
func (b *bot) join(ctx context.Context) error {
	b.mu.Lock()
	b.in.joined = time.Now()
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	header := http.Header{}
	if b.cfg.Origin != "" {
		header.Set("Origin", b.cfg.Origin)
	}
	conn, response, err := dialer.DialContext(ctx, b.cfg.URL, header)
	if err != nil {
		if response != nil {
			err = fmt.Errorf("%w (HTTP %s)", err, response.Status)
		}
		return fmt.Errorf("%s: %w", b.name, err)
	}
	b.talk = &talk{bot: b, conn: conn, done: make(chan struct{})}
	go b.talk.read()
	return b.talk.send(&wire.JoinRoom{Room: "load-" + strconv.Itoa(b.room), Name: b.name})
}

func (t *talk) send(msg wire.Client) error {
	raw, err := wire.EncodeClient(msg)
	if err != nil {
		return err
	}
	t.write.Lock()
	defer t.write.Unlock()
	_ = t.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	return t.conn.WriteMessage(websocket.TextMessage, raw)
}

// leave says goodbye and waits for the reader.
func (t *talk) leave() {
	_ = t.send(&wire.Leave{})
	t.write.Lock()
	t.left = true
	t.write.Unlock()
	_ = t.conn.Close()
	<-t.done
}

func (t *talk) read() {
	defer close(t.done)
	for {
		_, raw, err := t.conn.ReadMessage()
		if err == nil {
			err = t.handle(raw)
		}
		if err == nil {
			continue
		}
		t.write.Lock()
		defer t.write.Unlock()
		if !t.left {
			t.bot.fail(fmt.Errorf("%s: signalling: %w", t.bot.name, err))
		}
		return
	}
}

func (t *talk) handle(raw []byte) error {
	msg, err := wire.DecodeServer(raw)
	if err != nil {
		return err
	}
	switch m := msg.(type) {
	case *wire.Welcome:
		return t.firstOffer()
	case *wire.Answer:
		if m.ID != t.offers || t.bot.pc.SignalingState() != webrtc.SignalingStateHaveLocalOffer {
			return nil
		}
		t.bot.describe(m.SDP)
		return t.bot.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: m.SDP})
	case *wire.Offer:
		return t.answer(m)
	case *wire.ICE:
		return t.candidate(m)
	case *wire.Layers:
		t.encode(m)
	case *wire.Error:
		if m.Fatal {
			return m
		}
	}
	return nil
}

// firstOffer is what a browser sends after welcome: the data channel section,
// places for what it will be sent, and what it sends.
func (t *talk) firstOffer() error {
	b := t.bot
	never, yes := uint16(1000), true
	if _, err := b.pc.CreateDataChannel("", &webrtc.DataChannelInit{Negotiated: &yes, ID: &never}); err != nil {
		return err
	}
	if err := b.openChatter(); err != nil {
		return err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		for range firstPlaces {
			if _, err := b.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{
				Direction: webrtc.RTPTransceiverDirectionRecvonly,
			}); err != nil {
				return err
			}
		}
	}
	if err := b.publish(); err != nil {
		return err
	}
	desc, err := b.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	sdp, err := t.local(desc)
	if err != nil {
		return err
	}
	tracks := []wire.SendTrack{}
	for _, s := range b.sources {
		if s.encoding == 0 {
			tracks = append(tracks, wire.SendTrack{MID: s.line.Mid(), Source: s.word})
		}
	}
	t.offers++
	return t.send(&wire.Offer{ID: t.offers, SDP: withoutSSRCs(sdp), Tracks: tracks})
}

// publish adds a section for each source; encodings share one.
func (b *bot) publish() error {
	var line *webrtc.RTPTransceiver
	for _, s := range b.sources {
		if s.encoding > 0 {
			s.line = line
			if err := line.Sender().AddEncoding(s); err != nil {
				return err
			}
			continue
		}
		var err error
		line, err = b.pc.AddTransceiverFromTrack(s, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return err
		}
		s.line = line
	}
	return nil
}

// answer takes an offer of the server's.
func (t *talk) answer(m *wire.Offer) error {
	pc := t.bot.pc
	if pc.SignalingState() != webrtc.SignalingStateStable {
		return errors.New("the server offered while the bot's offer was open")
	}
	t.bot.describe(m.SDP)
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: m.SDP}); err != nil {
		return err
	}
	desc, err := pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	sdp, err := t.local(desc)
	if err != nil {
		return err
	}
	return t.send(&wire.Answer{ID: m.ID, SDP: sdp})
}

// local applies a description and returns it with its one candidate.
func (t *talk) local(desc webrtc.SessionDescription) (string, error) {
	gathered := webrtc.GatheringCompletePromise(t.bot.pc)
	if err := t.bot.pc.SetLocalDescription(desc); err != nil {
		return "", err
	}
	<-gathered
	return t.bot.pc.LocalDescription().SDP, nil
}

func (t *talk) candidate(m *wire.ICE) error {
	if m.Candidate == nil || t.bot.pc.RemoteDescription() == nil {
		return nil // our server's are in its descriptions
	}
	return t.bot.pc.AddICECandidate(webrtc.ICECandidateInit{
		Candidate: m.Candidate.Candidate, SDPMid: m.Candidate.SDPMid,
		SDPMLineIndex: m.Candidate.SDPMLineIndex, UsernameFragment: m.Candidate.UsernameFragment,
	})
}

// encode encodes what is wanted and nothing else, as our client does.
func (t *talk) encode(m *wire.Layers) {
	for _, s := range t.bot.sources {
		wanted, told := m.Active[s.rid]
		if !told || s.line.Mid() != m.MID {
			continue
		}
		if s.unwanted.Swap(!wanted) && wanted {
			s.wantKey.Store(true) // an encoder begins with a keyframe
		}
	}
}

// withoutSSRCs takes out of a description what pion says of simulcast sections
// and no browser does: which SSRCs their encodings have.
func withoutSSRCs(sdp string) string {
	const begin = "\r\nm="
	parts := strings.Split(sdp, begin)
	for i, part := range parts {
		if strings.Contains(part, "a=simulcast:send") {
			parts[i] = strings.Join(slices.DeleteFunc(strings.Split(part, "\r\n"), func(line string) bool {
				return strings.HasPrefix(line, "a=ssrc")
			}), "\r\n")
		}
	}
	return strings.Join(parts, begin)
}

// describe learns from the server's description which SSRCs carry media.
func (b *bot) describe(sdp string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, section := range strings.Split(sdp, "\r\nm=") {
		if i == 0 {
			continue
		}
		var media []uint32
		for line := range strings.SplitSeq(section, "\r\n") {
			if numbers, ok := strings.CutPrefix(line, "a=ssrc-group:FID "); ok {
				if _, second, ok := strings.Cut(numbers, " "); ok {
					b.in.repairs[number(second)] = true
				}
			} else if rest, ok := strings.CutPrefix(line, "a=ssrc:"); ok {
				media = append(media, number(rest))
			} else if rest, ok := strings.CutPrefix(line, "a=extmap:"); ok {
				id, uri, _ := strings.Cut(rest, " ")
				b.in.ids[uri] = uint8(number(id))
			}
		}
		for _, ssrc := range media {
			if b.in.repairs[ssrc] || b.in.streams[ssrc] != nil {
				continue
			}
			st := &stream{ssrc: ssrc, video: strings.HasPrefix(section, "video")}
			if b.check != nil {
				st.clock = make([]arrival, arrivals)
			}
			b.in.streams[ssrc] = st
		}
	}
}

// number reads the number that a word begins with; 0 if it is none.
func number(s string) uint32 {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	n, _ := strconv.ParseUint(s[:end], 10, 32)
	return uint32(n)
}
