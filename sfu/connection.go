package sfu

import (
	"errors"
	"net/netip"

	"github.com/pion/webrtc/v4"

	"sfu/sfu/part"
)

// connection is a participant's PeerConnection, and how media passes it by: pion
// finds the path and the keys, the packets do not go through it (ADR 10). The
// participant's loop owns it, and gives out to the media loop.
type connection struct {
	pc   *webrtc.PeerConnection
	keys *keys
	in   *inlet
	out  *outlet
	from netip.AddrPort // where in is known to be

	origin origin
}

// tellApart hears of DTLS from the goroutine of pion's that goes on to SCTP once it is
// connected, and that goroutine starts those of SCTP.
func tellApart(state webrtc.DTLSTransportState) {
	if state == webrtc.DTLSTransportStateConnected {
		part.Data.Enter()
	}
}

// open takes the keys once the handshake is done.
func (p *participant) open() error {
	c, err := p.keys.ciphers()
	if err != nil {
		return err
	}
	p.in, p.out = &inlet{link: p.link, cipher: c.in}, &outlet{egress: &p.link.out, sealer: c.sealer, cipher: c.out}
	return p.takePath()
}

var errNoSocket = errors.New("no media socket is at the address that ICE chose")

// takePath makes media take the path that ICE has chosen.
func (p *participant) takePath() error {
	pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil || p.in == nil {
		return err // before the first one there is no media
	}
	local, err := netip.ParseAddr(pair.Local.Address)
	if err != nil {
		return err
	}
	remote, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		return err
	}
	to := netip.AddrPortFrom(remote.Unmap(), pair.Remote.Port)
	ports := p.server.ports
	socket := ports.at(local)
	if socket < 0 {
		return errNoSocket
	}
	ports.inlets.move(p.in, p.from, to)
	p.from = to
	p.noteOrigin(p.server.cfg.originOf(to))
	lk, out, from := p.link, p.out, p.origin
	lk.loop.do(func() {
		lk.path.origin = from
		if !lk.gone {
			out.socket, out.to = socket, to
			lk.out.way, lk.rtcp = out, out
		}
	})
	return nil
}

// applyPath goes where ICE has gone. Where that leads to no socket of ours, media stays
// on its way.
func (p *participant) applyPath() {
	if p.presence.left {
		return
	}
	if err := p.takePath(); err != nil {
		p.log.Warn("media does not follow ICE", "error", err)
	}
}

// shut ends the way in; that out ends with the link.
func (p *participant) shut() {
	if p.in != nil {
		p.server.ports.inlets.move(p.in, p.from, netip.AddrPort{})
	}
	p.noteOrigin(origin{})
}
