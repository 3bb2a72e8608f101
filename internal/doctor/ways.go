package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"sfu/signaling/wire"
)

// wayWithin is how long one way may take: ICE asks for up to four seconds.
const wayWithin = 8 * time.Second

// Ways goes every way to the server that a browser would go: straight over UDP, over
// TCP, and by each relay that it is told of.
func (t Target) Ways(ctx context.Context) []Finding {
	list := []Finding{
		t.straight(ctx, "udp", webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6),
		t.straight(ctx, "tcp", webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6),
	}
	relays, err := t.relays(ctx)
	if err != nil {
		return append(list, found("turn", Failure, err.Error(), ""))
	}
	if len(relays) == 0 {
		return append(list, found("turn", Skipped, "the server offers no relay",
			"for people whose network lets nothing out but https, turn on --turn"))
	}
	for _, relay := range relays {
		list = append(list, t.relayed(ctx, relay))
	}
	return list
}

// straight goes without a relay, by networks of one protocol.
func (t Target) straight(ctx context.Context, protocol string, networks ...webrtc.NetworkType) Finding {
	ctx, cancel := context.WithTimeout(ctx, wayWithin)
	defer cancel()
	v, err := t.call(ctx, func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes(networks)
		s.SetIncludeLoopbackCandidate(true)
		s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	}, func(*wire.Welcome) webrtc.Configuration { return webrtc.Configuration{} })
	if err != nil {
		return found(protocol, Failure, err.Error(), "see that the server runs and that the address is right")
	}
	defer v.close()
	offered := candidates(v.answer, protocol)
	if len(offered) == 0 {
		return found(protocol, Skipped, "the server offers no address for "+protocol, "")
	}
	pair, err := v.connected(ctx)
	if err != nil {
		return unreachable(protocol, offered)
	}
	return flows(protocol, pair.Remote.Address, offered)
}

// flows says where media goes. The server may have come to us from an address that it
// does not know of, which those behind a firewall do not let in.
func flows(protocol, remote string, offered []netip.AddrPort) Finding {
	detail := fmt.Sprintf("media flows to %s (offered: %s)", remote, list(offered))
	if slices.ContainsFunc(offered, func(a netip.AddrPort) bool { return a.Addr().String() == remote }) {
		return found(protocol, OK, detail, "")
	}
	return found(protocol, Warning, detail,
		"the server does not offer the address that it is reached at: set --public-ip="+remote+", or people behind a firewall get no media")
}

// unreachable says what may be wrong when none of the addresses answers.
func unreachable(protocol string, offered []netip.AddrPort) Finding {
	private := !slices.ContainsFunc(offered, func(a netip.AddrPort) bool { return public(a.Addr()) })
	advice := fmt.Sprintf("open port %d/%s in the firewall of the machine and of the provider; if it is open, one of these is not the server's address: correct --public-ip",
		offered[0].Port(), protocol)
	if private {
		advice = "only addresses of the inner network are offered: set --public-ip to the address that the world reaches the server at"
	}
	return found(protocol, Failure, "nothing answers at "+list(offered), advice)
}

// public reports whether the whole world can reach an address.
func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}

func list(addrs []netip.AddrPort) string {
	words := make([]string, len(addrs))
	for i, a := range addrs {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}

// candidates returns the addresses of one protocol that a description offers.
func candidates(description, protocol string) (addrs []netip.AddrPort) {
	var d sdp.SessionDescription
	if d.UnmarshalString(description) != nil {
		return nil
	}
	for _, m := range d.MediaDescriptions {
		for _, a := range m.Attributes {
			if a.Key != "candidate" {
				continue
			}
			fields := strings.Fields(a.Value) // foundation, component, protocol, priority, address, port (RFC 8839, 5.1)
			if len(fields) < 6 || !strings.EqualFold(fields[2], protocol) {
				continue
			}
			ip, err := netip.ParseAddr(fields[4])
			port, portErr := strconv.ParseUint(fields[5], 10, 16)
			if at := netip.AddrPortFrom(ip, uint16(port)); err == nil && portErr == nil && !slices.Contains(addrs, at) {
				addrs = append(addrs, at)
			}
		}
	}
	return addrs
}

// relay is one way in by a TURN server.
type relay struct {
	name string
	webrtc.ICEServer
}

// relays asks the server which it offers.
func (t Target) relays(ctx context.Context) ([]relay, error) {
	ctx, cancel := context.WithTimeout(ctx, wayWithin)
	defer cancel()
	v, err := t.call(ctx, func(*webrtc.SettingEngine) {}, func(*wire.Welcome) webrtc.Configuration { return webrtc.Configuration{} })
	if err != nil {
		return nil, err
	}
	defer v.close()
	var relays []relay
	for _, s := range v.welcome.ICEServers {
		for _, url := range s.URLs {
			if strings.HasPrefix(url, "turn") {
				relays = append(relays, relay{relayName(url), webrtc.ICEServer{URLs: []string{url}, Username: s.Username, Credential: s.Credential}})
			}
		}
	}
	return relays, nil
}

func relayName(url string) string {
	switch {
	case strings.HasPrefix(url, "turns:"):
		return "turn/tls"
	case strings.HasSuffix(url, "transport=tcp"):
		return "turn/tcp"
	}
	return "turn/udp"
}

// relayed goes by a relay alone.
func (t Target) relayed(ctx context.Context, r relay) Finding {
	ctx, cancel := context.WithTimeout(ctx, wayWithin)
	defer cancel()
	v, err := t.call(ctx, func(s *webrtc.SettingEngine) { s.SetIncludeLoopbackCandidate(true) }, func(w *wire.Welcome) webrtc.Configuration {
		fresh := r.ICEServer
		for _, s := range w.ICEServers { // credentials are for each participant
			if slices.Contains(s.URLs, r.URLs[0]) {
				fresh.Username, fresh.Credential = s.Username, s.Credential
			}
		}
		return webrtc.Configuration{ICEServers: []webrtc.ICEServer{fresh}, ICETransportPolicy: webrtc.ICETransportPolicyRelay}
	})
	if err != nil {
		return found(r.name, Failure, err.Error(), "")
	}
	defer v.close()
	if _, err := v.connected(ctx); err != nil {
		return found(r.name, Failure, "no media by "+r.URLs[0], "open the port in the firewall; for turns: the certificate has to be trusted and to fit the name")
	}
	return found(r.name, OK, "media flows by "+r.URLs[0], "")
}

// Reachable looks whether anybody listens at a TCP address.
func Reachable(ctx context.Context, check, address string) Finding {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return found(check, Failure, err.Error(), "start the server, or open the port in the firewall of the machine and of the provider")
	}
	_ = conn.Close()
	return found(check, OK, address+" accepts connections", "")
}
