package front

// Kind is what became of a connection. Each one counts once.
type Kind uint8

// The kinds of connections. Malformed ones sent something else, failed in the
// TLS handshake or left before they had said what they are; refused ones gave
// way to newer ones, or nobody listens for what they speak.
const (
	HTTPS Kind = iota
	HTTP
	TURN
	ICE
	Refused
	Timeout
	Malformed
)

// Kinds returns every kind, for whoever counts them.
func Kinds() []Kind { return []Kind{HTTPS, HTTP, TURN, ICE, Refused, Timeout, Malformed} }

// String is the kind as a label of a metric.
func (k Kind) String() string {
	names := [...]string{"https", "http", "turn", "ice", "refused", "timeout", "malformed"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}
