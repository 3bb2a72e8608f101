//go:build netlab

package netlab

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"sfu/signaling/wire"
)

// relayRealm is what the server calls its users' realm (RFC 8489, 9.2).
const relayRealm = "sfu"

// relayed is a client of the server's relay, who asks for what no browser would.
type relayed struct {
	t     *testing.T
	c     *turn.Client
	conn  net.PacketConn // through the relay
	auth  []stun.Setter
	after uint16 // the channel that was bound last
}

// newRelayed gets a relay by one of the addresses that a participant is told.
func newRelayed(p *place, url string, server wire.ICEServer) *relayed {
	t := p.client.t
	t.Helper()
	uri, err := stun.ParseURI(url)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr(uri.Host), uint16(uri.Port)).String()
	var conn net.PacketConn
	if uri.Proto == stun.ProtoTypeUDP {
		conn = p.client.listenUDP("203.0.113.2:0")
	} else {
		stream, err := p.client.dial(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		if uri.Scheme == stun.SchemeTypeTURNS {
			stream = tls.Client(stream, &tls.Config{RootCAs: p.trust, ServerName: uri.Host})
		}
		conn = turn.NewSTUNConn(stream)
	}
	t.Cleanup(func() { _ = conn.Close() })
	r := &relayed{t: t, after: 0x4000}
	if r.c, err = turn.NewClient(&turn.ClientConfig{
		Conn: conn, TURNServerAddr: at, STUNServerAddr: at, Username: server.Username, Password: server.Credential,
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.c.Close)
	if err := r.c.Listen(); err != nil {
		t.Fatal(err)
	}
	if r.conn, err = r.c.Allocate(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.conn.Close() })
	var nonce stun.Nonce
	if err := nonce.GetFrom(r.ask(stun.MethodCreatePermission)); err != nil { // 401: it has to say who it is
		t.Fatal(err)
	}
	r.auth = []stun.Setter{
		stun.NewUsername(server.Username), stun.NewRealm(relayRealm), nonce,
		stun.NewLongTermIntegrity(server.Username, relayRealm, server.Credential),
	}
	return r
}

// ask sends a request and returns the answer.
func (r *relayed) ask(method stun.Method, more ...stun.Setter) *stun.Message {
	r.t.Helper()
	m, err := stun.Build(append(append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, more...), r.auth...)...)
	if err != nil {
		r.t.Fatal(err)
	}
	result, err := r.c.PerformTransaction(m, r.c.TURNServerAddr(), false)
	if err != nil {
		r.t.Fatalf("%s: %v", m, err)
	}
	return result.Msg
}

// peer is XOR-PEER-ADDRESS.
type peer netip.AddrPort

func (p peer) AddTo(m *stun.Message) error {
	to := net.UDPAddrFromAddrPort(netip.AddrPort(p))
	return stun.XORMappedAddress{IP: to.IP, Port: to.Port}.AddToAs(m, stun.AttrXORPeerAddress)
}

// attempt tries every way there is to send something to an address, and returns what
// the server said to CreatePermission and to ChannelBind.
func (r *relayed) attempt(to netip.AddrPort) (permission, channel *stun.Message) {
	r.t.Helper()
	permission = r.ask(stun.MethodCreatePermission, peer(to))
	r.after++
	number := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: binary.BigEndian.AppendUint16(nil, r.after)}
	number.Value = append(number.Value, 0, 0)
	channel = r.ask(stun.MethodChannelBind, number, peer(to))

	data := stun.RawAttribute{Type: stun.AttrData, Value: []byte("an indication")}
	send, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer(to), data)
	if err != nil {
		r.t.Fatal(err)
	}
	onChannel := append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, r.after), 4), "data"...)
	for _, b := range [][]byte{send.Raw, onChannel} {
		if _, err := r.c.WriteTo(b, r.c.TURNServerAddr()); err != nil {
			r.t.Fatal(err)
		}
	}
	if _, err := r.c.SendBindingRequest(); err != nil { // answered in turn: what came before is done
		r.t.Fatal(err)
	}
	return permission, channel
}

func granted(m *stun.Message) bool { return m.Type.Class == stun.ClassSuccessResponse }

// forbidden is an address that no relay may reach.
type forbidden struct {
	name   string
	at     string
	on     *host        // who would hear it, if anybody can listen there
	own    bool         // the address is one of the media's: only the port is forbidden (RFC 8656, 9)
	listen *net.UDPConn // there
}

// theRest links the server to a network behind it, and puts listeners at all that a
// relay may not reach.
func theRest(t *testing.T, server *host) []*forbidden {
	t.Helper()
	inner := newHosts(t, "inner")[0]
	server.link(inner, "eth1", "10.0.0.2/24", "eth0", "10.0.0.1/24")
	for _, addr := range []string{"169.254.169.254", "203.0.113.9", "198.51.100.99"} {
		inner.run("ip", "addr", "add", addr+"/32", "dev", "eth0")
		server.route(addr+"/32", "10.0.0.1")
	}
	all := []*forbidden{
		{name: "media by loopback", at: "127.0.0.1:443"},
		{name: "media by loopback of IPv6", at: "[::1]:443"},
		{name: "metrics by loopback", at: "127.0.0.1:9464", on: server},
		{name: "metrics by loopback of IPv6", at: "[::1]:9464", on: server},
		{name: "metrics by the public address", at: site + ":9464", on: server, own: true},
		{name: "metrics by the inner address", at: "10.0.0.2:9464", on: server, own: true},
		{name: "the network behind", at: "10.0.0.1:443", on: inner},
		{name: "the cloud's metadata", at: "169.254.169.254:80", on: inner},
		{name: "a neighbour of the client", at: "203.0.113.9:443", on: inner},
		{name: "a public address", at: "198.51.100.99:443", on: inner},
	}
	for _, f := range all {
		if f.on != nil {
			f.listen = f.on.listenUDP(f.at)
		}
	}
	return all
}

// heardNothing sends a packet from the server's machine by itself: it has to be the first
// that arrives, for the way is open but for the relay.
func (f *forbidden) heardNothing(t *testing.T, server *host) {
	t.Helper()
	if f.listen == nil {
		return
	}
	var conn net.Conn
	if err := server.inside(func() (err error) {
		conn, err = net.Dial("udp", f.at)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b := make([]byte, 100)
	_, err := conn.Write([]byte("by itself"))
	err = errors.Join(err, f.listen.SetReadDeadline(time.Now().Add(patience)))
	n, from, heard := f.listen.ReadFrom(b)
	if err := errors.Join(err, heard); err != nil || string(b[:n]) != "by itself" {
		t.Errorf("%s hears %q from %v: %v", f.at, b[:n], from, err)
	}
}

// reachesMedia asks the media socket for one's own address, by the relay.
func (r *relayed) reachesMedia() {
	r.t.Helper()
	m := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	media := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(site + ":443"))
	_ = r.conn.SetDeadline(time.Now().Add(patience))
	if _, err := r.conn.WriteTo(m.Raw, media); err != nil {
		r.t.Fatalf("the media port: %v", err)
	}
	b := make([]byte, 1500)
	n, from, err := r.conn.ReadFrom(b)
	if err != nil {
		r.t.Fatalf("the media port: %v", err)
	}
	answer := &stun.Message{Raw: b[:n]}
	if err := answer.Decode(); err != nil || answer.TransactionID != m.TransactionID || from.String() != media.String() {
		r.t.Errorf("the media port answers %s from %v: %v", answer, from, err)
	}
}

func TestARelayReachesMediaAndNothingElse(t *testing.T) {
	t.Parallel()
	hosts := newHosts(t, "server", "client")
	p := &place{server: hosts[0], client: hosts[1]}
	p.server.link(p.client, "eth0", site+"/24", "eth0", "203.0.113.2/24")
	all := theRest(t, p.server)
	p.start("--ops-listen=0.0.0.0:9464")

	welcome := hears[*wire.Welcome](p.client.join(socket, "relays", p.trust))
	if len(welcome.ICEServers) != 1 || len(welcome.ICEServers[0].URLs) != 2 {
		t.Fatalf("told of %+v, want TCP and TLS", welcome.ICEServers)
	}
	server := welcome.ICEServers[0]
	udp := strings.Replace(server.URLs[0], "transport=tcp", "transport=udp", 1) // works, though nobody is told
	for _, url := range append(server.URLs, udp) {
		r := newRelayed(p, url, server)
		for _, f := range all {
			permission, channel := r.attempt(netip.MustParseAddrPort(f.at))
			if granted(permission) != f.own || granted(channel) != f.own {
				t.Errorf("%s: %s: %s and %s", url, f.name, permission, channel)
			}
		}
		for _, f := range all {
			f.heardNothing(t, p.server)
		}
		r.reachesMedia()
	}
}

// TestARelayOpensNoTCP asks for the relays of RFC 6062, which would reach the metrics.
func TestARelayOpensNoTCP(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	server := hears[*wire.Welcome](p.client.join(socket, "relays", p.trust)).ICEServers[0]
	r := newRelayed(p, server.URLs[0], server)
	if err := r.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if a, err := r.c.AllocateTCP(); err == nil {
		t.Errorf("a relay for TCP: %v", a.Addr())
	}
}
