package address

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// firstWait is how long the first request is waited for; each next one twice as long
// (RFC 8489, 6.2.1).
const firstWait = 500 * time.Millisecond

// ask returns how the STUN server at an address sees this machine.
func ask(ctx context.Context, server netip.AddrPort) (netip.Addr, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(server))
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		return netip.Addr{}, err
	}
	var buf [1500]byte
	for wait := firstWait; ; wait *= 2 {
		if _, err := conn.Write(request.Raw); err != nil {
			return netip.Addr{}, err
		}
		_ = conn.SetReadDeadline(time.Now().Add(wait))
		for {
			n, err := conn.Read(buf[:])
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				break
			}
			if err != nil {
				return netip.Addr{}, errors.Join(err, ctx.Err())
			}
			if addr, err := mapped(buf[:n], request.TransactionID); err == nil {
				return addr, nil
			}
		}
	}
}

var errOther = errors.New("not the answer to the question")

// mapped reads an answer: the address that the question came from.
func mapped(raw []byte, transaction [stun.TransactionIDSize]byte) (netip.Addr, error) {
	m := stun.Message{Raw: raw}
	if err := m.Decode(); err != nil {
		return netip.Addr{}, err
	}
	if m.TransactionID != transaction || m.Type != stun.BindingSuccess {
		return netip.Addr{}, errOther
	}
	var x stun.XORMappedAddress
	if err := x.GetFrom(&m); err != nil {
		return netip.Addr{}, fmt.Errorf("STUN answer: %w", err)
	}
	addr, ok := netip.AddrFromSlice(x.IP)
	if !ok {
		return netip.Addr{}, errOther
	}
	return addr.Unmap(), nil
}
