package main

import (
	"crypto/rand"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"sfu/config"
	"sfu/relay"
	"sfu/signaling/wire"
)

// credentialTime is how long a browser may use the relay, and get it again.
const credentialTime = 12 * time.Hour

// secrets make the relay's credentials.
type secrets struct {
	port    int // TCP
	current atomic.Pointer[secret]
}

// secret is replaced and never changed.
type secret struct {
	chosen config.Secret // by the operator; may be empty
	text   string        // chosen, or a random one
	urls   []string
}

// newSecrets returns nil when there is to be no relay. Nobody is told of the one over
// UDP, which is on the media port: Chromium takes whatever comes from a TURN server's
// address for an answer of that server, and would never talk to the media port itself.
func newSecrets(o *options, port int) *secrets {
	if !o.TURN {
		return nil
	}
	s := &secrets{port: port}
	s.current.Store(s.next(o))
	return s
}

// next returns what credentials are made with according to o. A random secret stays as
// long as the operator chooses none.
func (s *secrets) next(o *options) *secret {
	n := &secret{chosen: o.TURNSecret, text: string(o.TURNSecret)}
	if was := s.current.Load(); was != nil && was.chosen == n.chosen {
		n.text = was.text
	}
	if n.text == "" {
		n.text = rand.Text()
	}
	addr := net.JoinHostPort(relayHost(o), strconv.Itoa(s.port))
	n.urls = []string{"turn:" + addr + "?transport=tcp", "turns:" + addr + "?transport=tcp"}
	return n
}

// renew makes credentials according to o from now on. The relay knows the secret before
// anybody has a credential made with it; those that were made before stay good.
func (g *gate) renew(o *options, now time.Time) {
	if g.relay == nil {
		return
	}
	next := g.secrets.next(o)
	g.relay.ReplaceSecret(next.text, now)
	g.secrets.current.Store(next)
}

// relayHost is the name that browsers find the relay by: the certificate's.
func relayHost(o *options) string {
	if len(o.Domain) > 0 {
		return string(o.Domain[0])
	}
	if addrs := o.PublicAddrs(); len(addrs) > 0 {
		return addrs[0].String()
	}
	return "localhost"
}

// servers are what a participant is told of the relay.
func (s *secrets) servers(user string) []wire.ICEServer {
	with := s.current.Load()
	name, password := relay.Credentials(with.text, user, time.Now(), credentialTime)
	return []wire.ICEServer{{URLs: with.urls, Username: name, Credential: password}}
}
