package relay

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"sfu/metrics"
)

// raw is a client on UDP that says what no honest one would.
type raw struct {
	t        *testing.T
	house    *house
	conn     *net.UDPConn
	username string
	nonce    string
	key      stun.MessageIntegrity
	relayed  *net.UDPAddr
}

func newRaw(h *house, name string) *raw {
	h.t.Helper()
	conn, err := net.DialUDP("udp", nil, h.udp.LocalAddr().(*net.UDPAddr))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	username, password := Credentials("secret", name, time.Now(), time.Hour)
	r := &raw{t: h.t, house: h, conn: conn, username: username, key: stun.NewLongTermIntegrity(username, Realm, password)}
	var nonce stun.Nonce
	if err := nonce.GetFrom(r.ask(stun.MethodAllocate, transport(17))); err != nil {
		h.t.Fatal(err)
	}
	r.nonce = nonce.String()
	return r
}

// allocate gets the client its relay.
func (r *raw) allocate() *raw {
	r.t.Helper()
	var relayed stun.XORMappedAddress
	m := r.ask(stun.MethodAllocate, transport(17))
	if err := relayed.GetFromAs(m, stun.AttrXORRelayedAddress); err != nil {
		r.t.Fatalf("%s: %v", m, err)
	}
	r.relayed = &net.UDPAddr{IP: relayed.IP, Port: relayed.Port}
	return r
}

// attribute is one of any type.
type attribute struct {
	kind  stun.AttrType
	value []byte
}

func (a attribute) AddTo(m *stun.Message) error {
	m.Add(a.kind, a.value)
	return nil
}

func transport(protocol byte) attribute {
	return attribute{stun.AttrRequestedTransport, []byte{protocol, 0, 0, 0}}
}

// peer is XOR-PEER-ADDRESS, in the family that the address has: pion's own would
// take an address of IPv4 out of the clothes of IPv6.
type peer netip.AddrPort

func (p peer) AddTo(m *stun.Message) error {
	addr := netip.AddrPort(p)
	ip := addr.Addr().AsSlice()
	v := make([]byte, 4, 20)
	v[1] = 1
	if len(ip) == 16 {
		v[1] = 2
	}
	binary.BigEndian.PutUint16(v[2:], addr.Port()^0x2112)
	v = append(v, ip...)
	for i := range ip {
		v[4+i] ^= m.Raw[4+i] // the cookie and the transaction
	}
	m.Add(stun.AttrXORPeerAddress, v)
	return nil
}

// ask sends a request and returns the answer.
func (r *raw) ask(method stun.Method, more ...stun.Setter) *stun.Message {
	r.t.Helper()
	all := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, more...)
	if r.nonce != "" {
		all = append(all, stun.NewUsername(r.username), stun.NewRealm(Realm), stun.NewNonce(r.nonce), r.key)
	}
	m, err := stun.Build(all...)
	if err != nil {
		r.t.Fatal(err)
	}
	r.write(m.Raw)
	answer := &stun.Message{Raw: r.read()}
	if err := answer.Decode(); err != nil || answer.TransactionID != m.TransactionID {
		r.t.Fatalf("%s: %v", answer, err)
	}
	return answer
}

func (r *raw) write(b []byte) {
	r.t.Helper()
	if _, err := r.conn.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) read() []byte {
	r.t.Helper()
	b := make([]byte, 2000)
	n, err := r.conn.Read(b)
	if err != nil {
		r.t.Fatal(err)
	}
	return b[:n]
}

// send is a Send indication.
func (r *raw) send(to netip.AddrPort, data string) {
	r.t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication),
		peer(to), attribute{stun.AttrData, []byte(data)})
	if err != nil {
		r.t.Fatal(err)
	}
	r.write(m.Raw)
}

func (r *raw) channel(number uint16) attribute {
	return attribute{stun.AttrChannelNumber, binary.BigEndian.AppendUint16(nil, number)[:2:2]}.padded()
}

func (a attribute) padded() attribute { a.value = append(a.value, 0, 0); return a }

// sendOn is ChannelData.
func (r *raw) sendOn(channel uint16, data string) {
	b := binary.BigEndian.AppendUint16(nil, channel)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	r.write(append(b, data...))
}

// settle waits until the server has done all that came before: it answers in turn.
func (r *raw) settle() { r.t.Helper(); r.ask(stun.MethodBinding) }

func granted(m *stun.Message) bool { return m.Type.Class == stun.ClassSuccessResponse }

func code(m *stun.Message) stun.ErrorCode {
	var c stun.ErrorCodeAttribute
	_ = c.GetFrom(m)
	return c.Code
}

// silent reports whether nothing has come to a socket.
func silent(c *net.UDPConn) bool {
	_ = c.SetReadDeadline(time.Now())
	_, _, err := c.ReadFrom(make([]byte, 1))
	return isTimeout(err)
}

// What else there is on this machine, around it, and behind it in the cloud.
func TestARelayReachesNothingElse(t *testing.T) {
	t.Parallel()
	for _, c := range []string{
		"127.0.0.2", "10.0.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0", "255.255.255.255", "224.0.0.1", "8.8.8.8",
		"::1", "::", "fe80::1", "ff02::1", "fd00::1", "2001:db8::1", "fd00:ec2::254",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
	} {
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "127.0.0.1", nil)
			r := newRaw(h, "eve").allocate()
			to := netip.AddrPortFrom(netip.MustParseAddr(c), addrOf(h.media).Port())
			if m := r.ask(stun.MethodCreatePermission, peer(to)); granted(m) {
				t.Error("a permission")
			}
			if m := r.ask(stun.MethodChannelBind, r.channel(0x4000), peer(to)); granted(m) {
				t.Error("a channel")
			}
			r.send(to, "x")
			r.sendOn(0x4000, "x")
			r.settle()
			if in := value(h.count.TURNBytes[metrics.In]); in != 0 {
				t.Errorf("%v bytes left", in)
			}
			if got, of4 := h.counted(metrics.TURNPeer), to.Addr().Unmap().Is4(); of4 && got != 2 {
				t.Errorf("%v refusals counted, want 2", got)
			}
		})
	}
}

// A permission is for an address and all of its ports (RFC 8656, 9), so the socket
// has to hold the ports.
func TestARelayReachesNoOtherPort(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "127.0.0.1", nil)
	r := newRaw(h, "eve").allocate()
	media, private := addrOf(h.media), addrOf(h.private)
	mapped := netip.AddrPortFrom(netip.AddrFrom16(media.Addr().As16()), media.Port())
	if m := r.ask(stun.MethodCreatePermission, peer(media)); !granted(m) {
		t.Fatal(m)
	}
	r.send(private, "secrets, please")
	r.send(mapped, "in clothes of IPv6")
	if m := r.ask(stun.MethodChannelBind, r.channel(0x4000), peer(private)); !granted(m) {
		t.Fatal(m)
	}
	r.sendOn(0x4000, "secrets, please")
	r.settle()
	if !silent(h.private) {
		t.Error("the private port was reached")
	}
	if got := h.counted(metrics.TURNPort); got != 3 {
		t.Errorf("%v counted, want 3", got)
	}
	if in := value(h.count.TURNBytes[metrics.In]); in != 0 {
		t.Errorf("%v bytes left", in)
	}
}

func TestNobodyElseReachesAClient(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "127.0.0.1", nil)
	r := newRaw(h, "ana").allocate()
	if m := r.ask(stun.MethodChannelBind, r.channel(0x4000), peer(addrOf(h.private))); !granted(m) {
		t.Fatal(m)
	}
	for _, from := range []*net.UDPConn{h.private, listenUDP(t, "127.0.0.1"), h.media} {
		if _, err := from.WriteTo([]byte("hello"), r.relayed); err != nil {
			t.Fatal(err)
		}
	}
	m := &stun.Message{Raw: r.read()} // the first that comes is of the media socket
	var from stun.XORMappedAddress
	if err := m.Decode(); err != nil {
		t.Fatal(err)
	}
	if err := from.GetFromAs(m, stun.AttrXORPeerAddress); err != nil || from.Port != int(addrOf(h.media).Port()) {
		t.Errorf("from %v: %v", from, err)
	}
	if got := h.counted(metrics.TURNStranger); got != 2 {
		t.Errorf("%v strangers, want 2", got)
	}
}

func TestLoopbackIsRefusedWhatEverPeersSays(t *testing.T) {
	t.Parallel()
	peers := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:7882"), netip.MustParseAddrPort("[::1]:7882"), netip.MustParseAddrPort("[fe80::1]:7882"), netip.MustParseAddrPort("203.0.113.7:7882")}
	for _, p := range peers {
		want := p.Addr() == netip.MustParseAddr("203.0.113.7")
		if permitted(p.Addr(), peers, false) != want || reachable(p, peers, false) != want {
			t.Errorf("%s: want %v", p, want)
		}
	}
	if reachable(netip.MustParseAddrPort("203.0.113.7:9464"), peers, false) {
		t.Error("another port")
	}
	h := newHouse(t, "127.0.0.1", func(c *Config) { c.AllowLoopback = false })
	if m := newRaw(h, "ana").ask(stun.MethodAllocate, transport(17)); granted(m) || h.counted(metrics.TURNFamily) != 1 {
		t.Errorf("a relay on loopback: %s", m)
	}
}

func TestPeersMayChange(t *testing.T) {
	t.Parallel()
	moves := make(chan []netip.AddrPort, 1)
	var peers []netip.AddrPort
	h := newHouse(t, "127.0.0.1", func(c *Config) {
		peers = c.Peers()
		moves <- peers
		c.Peers = func() []netip.AddrPort { p := <-moves; moves <- p; return p }
	})
	r := newRaw(h, "ana").allocate()
	if m := r.ask(stun.MethodCreatePermission, peer(peers[0])); !granted(m) {
		t.Fatal(m)
	}
	<-moves
	moves <- nil
	r.send(peers[0], "x")
	if m := r.ask(stun.MethodCreatePermission, peer(peers[0])); granted(m) {
		t.Error("still permitted")
	}
	if got := h.counted(metrics.TURNPort); got != 1 {
		t.Errorf("%v packets stopped, want 1", got)
	}
}

// RFC 6062, and what browsers have no use for.
func TestKindsOfRelaysThatThereAreNot(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][]stun.Setter{
		"TCP":               {transport(6)},
		"an even port":      {transport(17), attribute{stun.AttrEvenPort, []byte{0}}},
		"the next port too": {transport(17), attribute{stun.AttrEvenPort, []byte{0x80}}},
		"a reserved port":   {transport(17), attribute{stun.AttrReservationToken, make([]byte, 8)}},
		"another family":    {transport(17), attribute{stun.AttrRequestedAddressFamily, []byte{2, 0, 0, 0}}},
		"SCTP":              {transport(132)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "127.0.0.1", nil)
			r := newRaw(h, "eve")
			if m := r.ask(stun.MethodAllocate, more...); granted(m) || code(m) == stun.CodeUnauthorized {
				t.Error(m)
			}
			if got := value(h.count.TURNRelays); got != 0 {
				t.Errorf("%v relays open", got)
			}
			r.allocate()
			if m := r.ask(stun.MethodConnect, peer(addrOf(h.media))); granted(m) {
				t.Error("a connection to a peer")
			}
		})
	}
}

func TestARelayWithTooManyChannelsEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "127.0.0.1", nil)
	r := newRaw(h, "eve").allocate()
	for i := range uint16(maxChannels) {
		if m := r.ask(stun.MethodChannelBind, r.channel(0x4000+i), peer(netip.AddrPortFrom(addrOf(h.media).Addr(), 1+i))); !granted(m) {
			t.Fatalf("channel %d: %s", i, m)
		}
	}
	if got := value(h.count.TURNRelays); got != 1 {
		t.Fatalf("%v relays open, want 1", got)
	}
	r.ask(stun.MethodChannelBind, r.channel(0x4fff), peer(netip.AddrPortFrom(addrOf(h.media).Addr(), 9999)))
	until(t, "the end of the relay", func() bool { return value(h.count.TURNRelays) == 0 })
	if got := h.counted(metrics.TURNChannels); got != 1 {
		t.Errorf("%v counted, want 1", got)
	}
}

func TestOneAddressMayBeAskedFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "127.0.0.1", nil)
	r := newRaw(h, "ana")
	r.nonce = ""
	var own stun.XORMappedAddress
	if err := own.GetFrom(r.ask(stun.MethodBinding)); err != nil || own.Port != int(addrOf(r.conn).Port()) {
		t.Errorf("%v, %v", own, err)
	}
}
