package doctor

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gorilla/websocket"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"sfu/signaling/wire"
)

// visit is a participant that says nothing and is gone soon.
type visit struct {
	ws      *websocket.Conn
	pc      *webrtc.PeerConnection
	welcome *wire.Welcome
	answer  string // of the server
	state   chan webrtc.ICEConnectionState
}

// Target is the server that is visited.
type Target struct {
	URL string      // of its WebSocket
	TLS *tls.Config // nil: the system's roots
}

// call joins a room of its own and negotiates. Setup says which ways it may go, and
// configure, by what welcome says, which relays.
func (t Target) call(ctx context.Context, setup func(*webrtc.SettingEngine), configure func(*wire.Welcome) webrtc.Configuration) (*visit, error) {
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}, TLSClientConfig: t.TLS, Proxy: http.ProxyFromEnvironment}
	ws, _, err := dialer.DialContext(ctx, t.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("signalling: %w", err)
	}
	v := &visit{ws: ws, state: make(chan webrtc.ICEConnectionState, 16)}
	if deadline, ok := ctx.Deadline(); ok {
		_ = ws.SetReadDeadline(deadline)
		_ = ws.SetWriteDeadline(deadline)
	}
	if err := v.negotiate(setup, configure); err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

func (v *visit) negotiate(setup func(*webrtc.SettingEngine), configure func(*wire.Welcome) webrtc.Configuration) error {
	if err := v.send(&wire.JoinRoom{Room: "doctor-" + rand.Text(), Name: "doctor"}); err != nil {
		return err
	}
	var err error
	if v.welcome, err = expect[*wire.Welcome](v); err != nil {
		return err
	}
	settings := webrtc.SettingEngine{LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}}
	setup(&settings)
	if v.pc, err = webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(configure(v.welcome)); err != nil {
		return err
	}
	v.pc.OnICEConnectionStateChange(func(s webrtc.ICEConnectionState) {
		select {
		case v.state <- s:
		default:
		}
	})
	agreed, id := true, uint16(1000)
	if _, err := v.pc.CreateDataChannel("", &webrtc.DataChannelInit{Negotiated: &agreed, ID: &id}); err != nil {
		return err
	}
	offer, err := v.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(v.pc)
	if err := v.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	if err := v.send(&wire.Offer{ID: 1, SDP: v.pc.LocalDescription().SDP}); err != nil {
		return err
	}
	answer, err := expect[*wire.Answer](v)
	if err != nil {
		return err
	}
	v.answer = answer.SDP
	return v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP})
}

func (v *visit) send(msg wire.Client) error {
	raw, err := wire.EncodeClient(msg)
	if err != nil {
		return err
	}
	return v.ws.WriteMessage(websocket.TextMessage, raw)
}

// expect reads until a message of one type, or an error that ends the visit.
func expect[M wire.Server](v *visit) (m M, err error) {
	for {
		_, raw, err := v.ws.ReadMessage()
		if err != nil {
			return m, fmt.Errorf("signalling: %w", err)
		}
		msg, err := wire.DecodeServer(raw)
		if err != nil {
			continue // a newer server's
		}
		if refused, ok := msg.(*wire.Error); ok && refused.Fatal {
			return m, refused
		}
		if wanted, ok := msg.(M); ok {
			return wanted, nil
		}
	}
}

var errNoPath = errors.New("no path to the server was found")

// connected waits until ICE has found a path, and returns it.
func (v *visit) connected(ctx context.Context) (*webrtc.ICECandidatePair, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, errNoPath
		case s := <-v.state:
			switch s {
			case webrtc.ICEConnectionStateConnected, webrtc.ICEConnectionStateCompleted:
				return v.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
			case webrtc.ICEConnectionStateFailed, webrtc.ICEConnectionStateClosed:
				return nil, errNoPath
			}
		}
	}
}

func (v *visit) close() {
	if v.pc != nil {
		_ = v.pc.Close()
	}
	_ = v.send(&wire.Leave{})
	_ = v.ws.Close()
}
