package config

import (
	"log/slog"
	"time"
)

// Config holds every setting. A field's tags are all that the help, the file,
// its example and the manual know of it: name, help and default, "usual" for a
// default that depends on other settings, "sample" for a value to show where
// there is no default, and "live" when it may change while the server runs.
type Config struct {
	Serving `group:"Serving"`
	HTTPS   `group:"TLS"`
	Media   `group:"Media"`
	Relay   `group:"TURN"`
	Limits  `group:"Limits"`
	Logging `group:"Logging"`
}

// Serving is where the server listens, to whom it answers and how it ends.
type Serving struct {
	Listen                 string        `default:"localhost:8080" usual:"localhost:8080; with TLS :443" placeholder:"ADDR" help:"Serve the page and signalling here."`
	HTTPListen             string        `name:"http-listen" usual:"none; with tls auto :80" sample:":80" placeholder:"ADDR" help:"Answer the certificate authority here, and send everyone else to https."`
	OpsListen              string        `default:"127.0.0.1:9464" placeholder:"ADDR" help:"Serve /metrics, /livez, /readyz, the API and profiles here. Whoever reaches it sees everything: keep it on loopback, or behind a firewall."`
	PublicMetricsToken     Secret        `live:"" sample:"at-least-16-characters" placeholder:"TEXT" help:"Serve /metrics on the public address too, to who sends this token: Authorization: Bearer. Better in public-metrics-token-file."`
	PublicMetricsTokenFile string        `live:"" sample:"/etc/sfu/metrics-token" placeholder:"FILE" help:"Read public-metrics-token from this file."`
	Capture                bool          `live:"" sample:"true" help:"Let who reaches ops-listen record the packets of a participant: what people say and show."`
	BehindProxy            []Network     `sample:"127.0.0.1/32" placeholder:"CIDR" help:"Believe X-Forwarded-For from proxies of this network. Repeatable."`
	AllowOrigin            []Origin      `live:"" sample:"https://example.org" placeholder:"ORIGIN" help:"Let pages of this origin connect too, besides the server's own. Repeatable."`
	DrainTimeout           time.Duration `live:"" default:"0s" placeholder:"TIME" help:"When told to stop, wait so long for rooms to end; 0s ends them at once."`
	MovedTo                string        `live:"" sample:"https://other.example.org" placeholder:"URL" help:"When told to stop, send clients to this server."`
}

// HTTPS is where certificates come from, and what has to outlive a restart.
type HTTPS struct {
	TLS           TLSMode `name:"tls" usual:"auto with a domain, else off" sample:"auto" placeholder:"MODE" help:"Certificates: auto gets them from an authority, self-signed is for tests, files reads cert-file and key-file, off serves plain HTTP."`
	Domain        []Host  `sample:"meet.example.org" placeholder:"NAME" help:"Get a certificate for this name or public IP address. Repeatable."`
	Email         string  `sample:"you@example.org" placeholder:"ADDRESS" help:"Where the certificate authority can reach you."`
	CertFile      string  `sample:"/etc/sfu/cert.pem" placeholder:"FILE" help:"The certificate chain, with tls files."`
	KeyFile       string  `sample:"/etc/sfu/key.pem" placeholder:"FILE" help:"The certificate's private key, with tls files."`
	ACMEDirectory string  `name:"acme-directory" default:"https://acme-v02.api.letsencrypt.org/directory" placeholder:"URL" help:"The certificate authority, with tls auto."`
	ACMERoot      string  `name:"acme-root" sample:"/etc/sfu/acme-root.pem" placeholder:"FILE" help:"Trust the authority's own https by these CA certificates too."`
	StateDir      string  `usual:"$STATE_DIRECTORY, else ~/.local/state/sfu" sample:"/var/lib/sfu" placeholder:"DIR" help:"Keep certificates here."`
}

// Media is how media reaches the server.
type Media struct {
	UDPPort        uint16    `name:"udp-port" default:"7882" usual:"7882; with TLS 443" placeholder:"PORT" help:"One UDP port for everyone's media; 0 picks a free one."`
	PublicIP       []Host    `live:"" name:"public-ip" sample:"198.51.100.7" placeholder:"IP" help:"Offer this address, or those of this DNS name, for media besides the machine's own. Repeatable."`
	STUNServer     []STUNURL `name:"stun-server" sample:"stun:stun.example.org:3478" placeholder:"URL" help:"Ask this STUN server for the server's own public address. Repeatable."`
	ICEServer      []STUNURL `live:"" name:"ice-server" sample:"stun:stun.example.org:3478" placeholder:"URL" help:"Tell browsers of this STUN server. Repeatable."`
	PacketByPacket bool      `help:"Send media packet by packet, without trains: to compare, or where a driver breaks them."`
}

// Relay is the TURN server, for browsers whose network lets only TLS out.
type Relay struct {
	TURN           bool   `name:"turn" negatable:"" usual:"on with TLS" sample:"true" help:"Relay media to this server for browsers that cannot reach its UDP port (TURN)."`
	TURNSecret     Secret `live:"" name:"turn-secret" usual:"a random one at each start" sample:"at-least-16-characters" placeholder:"TEXT" help:"What TURN's passwords are made from. Better in turn-secret-file."`
	TURNSecretFile string `live:"" name:"turn-secret-file" sample:"/etc/sfu/turn-secret" placeholder:"FILE" help:"Read turn-secret from this file."`
}

// Limits is how much the server takes on.
type Limits struct {
	MaxRooms        int           `live:"" default:"1000" placeholder:"N" help:"Rooms at a time."`
	MaxParticipants int           `live:"" default:"50" placeholder:"N" help:"Participants in one room."`
	Loudest         int           `live:"" default:"5" placeholder:"N" help:"In rooms above 10 people, how many of the loudest are heard at once, besides the pinned; 0 is everyone."`
	ResumeTime      time.Duration `default:"30s" placeholder:"TIME" help:"How long a participant whose connection broke is waited for."`
}

// Logging is what is written to standard error.
type Logging struct {
	LogLevel  slog.Level `live:"" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error."`
	LogFormat LogFormat  `default:"text" placeholder:"FORMAT" help:"text or json."`
}

// Secure reports whether the server speaks TLS itself.
func (c *Config) Secure() bool { return c.TLS != "" && c.TLS != TLSOff }
