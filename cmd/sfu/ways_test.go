package main

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"sfu/signaling/wire"
)

// visitor is a client that goes one way to the server.
type visitor struct {
	t  *testing.T
	ws *websocket.Conn
	pc *webrtc.PeerConnection
}

// visit joins a room. Setup says which ways it may go; with relays it goes by one of
// them.
func visit(t *testing.T, in *instance, setup func(*webrtc.SettingEngine), relays ...string) *visitor {
	t.Helper()
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(in.url, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, ws: ws}
	t.Cleanup(v.leave)
	v.say(&wire.JoinRoom{Room: "kitchen", Name: "Ana"})
	welcome := told[*wire.Welcome](v)
	var how webrtc.Configuration
	if len(relays) > 0 {
		s := welcome.ICEServers[0]
		how.ICETransportPolicy = webrtc.ICETransportPolicyRelay
		how.ICEServers = []webrtc.ICEServer{{URLs: relays, Username: s.Username, Credential: s.Credential}}
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	setup(&settings)
	v.pc, err = webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(how)
	v.check(err)
	_, err = v.pc.CreateDataChannel("chat", nil)
	v.check(err)
	offer, err := v.pc.CreateOffer(nil)
	v.check(err)
	gathered := webrtc.GatheringCompletePromise(v.pc)
	v.check(v.pc.SetLocalDescription(offer))
	<-gathered
	v.say(&wire.Offer{ID: 1, SDP: v.pc.LocalDescription().SDP})
	answer := told[*wire.Answer](v)
	v.check(v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}))
	return v
}

func (v *visitor) check(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *visitor) say(msg wire.Client) {
	v.t.Helper()
	raw, err := wire.EncodeClient(msg)
	v.check(err)
	v.check(v.ws.WriteMessage(websocket.TextMessage, raw))
}

// leave says goodbye, and may do so again.
func (v *visitor) leave() {
	if raw, err := wire.EncodeClient(&wire.Leave{}); err == nil {
		_ = v.ws.WriteMessage(websocket.TextMessage, raw)
	}
	_ = v.ws.Close()
	if v.pc != nil {
		_ = v.pc.GracefulClose()
	}
}

// told returns the next message of a kind.
func told[M wire.Server](v *visitor) M {
	v.t.Helper()
	_ = v.ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		_, raw, err := v.ws.ReadMessage()
		v.check(err)
		msg, err := wire.DecodeServer(raw)
		v.check(err)
		if m, ok := msg.(M); ok {
			return m
		}
	}
}

// through dials for pion, with TLS or without, and notes where it dialled from.
type through struct {
	tls  bool
	from chan netip.AddrPort
}

// Dial connects to a relay.
func (d through) Dial(network, addr string) (net.Conn, error) {
	conn, err := net.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	d.from <- conn.LocalAddr().(*net.TCPAddr).AddrPort()
	if !d.tls {
		return conn, nil
	}
	// pion looks for the addresses of a TCP connection, which a *tls.Conn has.
	return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}), nil
}

// paths are what sfu_media_participants and sfu_media_paths_total say, without zeros.
func paths(t *testing.T, in *instance) map[string]string {
	t.Helper()
	_, body := get(t, in.ops+"/metrics")
	got := make(map[string]string)
	for line := range strings.Lines(body) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(series, "sfu_media_pa") && value != "0" {
			got[series] = value
		}
	}
	return got
}

// reachesRelays reports whether this machine has an address for relays: they are for
// media from elsewhere, and know none on loopback.
func (in *instance) reachesRelays() bool {
	for _, a := range in.media {
		if a.Addr().Is4() && !a.Addr().IsLoopback() {
			return true
		}
	}
	return false
}

func TestWhichWayMediaTakes(t *testing.T) {
	t.Parallel()
	udp4 := func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
		s.SetIPFilter(net.IP.IsLoopback)
	}
	tcp4 := func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
		s.SetIPFilter(net.IP.IsLoopback)
		s.DisableActiveTCP(false)
	}
	for _, way := range []string{"udp", "tcp", "turn-udp", "turn-tcp", "turn-tls"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			in := launch(t, "--tls=self-signed", "--state-dir="+t.TempDir(), "--http-listen=")
			if strings.HasPrefix(way, "turn") && !in.reachesRelays() {
				t.Skip("there is loopback and nothing else")
			}
			dialled := make(chan netip.AddrPort, 10)
			by := func(encrypted bool) func(*webrtc.SettingEngine) {
				return func(s *webrtc.SettingEngine) {
					udp4(s)
					s.SetICEProxyDialer(through{encrypted, dialled})
				}
			}
			var v *visitor
			switch door := strings.TrimPrefix(in.url, "https://"); way {
			case "udp":
				v = visit(t, in, udp4)
			case "tcp":
				v = visit(t, in, tcp4)
			case "turn-udp":
				v = visit(t, in, udp4, "turn:"+in.loopback()+"?transport=udp")
			case "turn-tcp":
				v = visit(t, in, by(false), "turn:"+door+"?transport=tcp")
			case "turn-tls":
				v = visit(t, in, by(true), "turn:"+door+"?transport=tcp")
			}
			var line logged
			select {
			case line = <-in.connected:
			case <-time.After(20 * time.Second):
				t.Fatal("no media")
			}
			if line.Path != way {
				t.Errorf("the log says %s", line.Path)
			}
			v.checkRemote(way, line.Remote, dialled)
			want := map[string]string{
				fmt.Sprintf(`sfu_media_participants{path=%q}`, way): "1",
				fmt.Sprintf(`sfu_media_paths_total{path=%q}`, way):  "1",
			}
			if got := paths(t, in); !maps.Equal(got, want) {
				t.Errorf("%v", got)
			}
			if _, body := get(t, in.ops+"/api/v1/rooms/kitchen"); !strings.Contains(body, fmt.Sprintf(`"path":%q`, way)) {
				t.Error(body)
			}
			v.leave()
			delete(want, fmt.Sprintf(`sfu_media_participants{path=%q}`, way))
			for end := time.Now().Add(10 * time.Second); !maps.Equal(paths(t, in), want); time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("after the end: %v", paths(t, in))
				}
			}
		})
	}
}

// checkRemote holds that the log tells the client's own address, and not that of a
// socket of the server's.
func (v *visitor) checkRemote(way string, told netip.AddrPort, dialled chan netip.AddrPort) {
	v.t.Helper()
	want := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)
	switch way {
	case "turn-tcp", "turn-tls":
		want = <-dialled
	default:
		pair, err := v.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		v.check(err)
		port := pair.Local.Port
		if way == "turn-udp" {
			port = pair.Local.RelatedPort
		}
		want = netip.AddrPortFrom(want.Addr(), port)
	}
	if told != want {
		v.t.Errorf("the log says %s, want %s", told, want)
	}
}

// everyWay has one visitor come on each way to the media socket that this machine has,
// and waits until they are connected.
func everyWay(t *testing.T, in *instance) []*visitor {
	t.Helper()
	door := strings.TrimPrefix(in.url, "https://")
	udp := func(s *webrtc.SettingEngine) { s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4}) }
	visitors := []*visitor{visit(t, in, udp), visit(t, in, func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
		s.DisableActiveTCP(false)
	})}
	if in.reachesRelays() {
		visitors = append(visitors, visit(t, in, udp, "turn:"+in.loopback()+"?transport=udp"), visit(t, in, udp, "turn:"+door+"?transport=tcp"))
	}
	for range visitors {
		select {
		case <-in.connected:
		case <-time.After(20 * time.Second):
			t.Fatal("no media")
		}
	}
	return visitors
}
