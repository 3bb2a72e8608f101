package relay

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"sfu/metrics"
)

const (
	// maxTTL is how long credentials are good at most, and so how long a secret
	// that was replaced is kept. A day is what the draft recommends.
	maxTTL = 24 * time.Hour
	// maxSecrets is how many are kept: a secret that is replaced more often than
	// a few times a day takes credentials with it.
	maxSecrets = 8
)

// Credentials makes what a browser needs to get a relay within ttl, at most a
// day, as draft-uberti-behave-turn-rest-00 has it: the username is the time at
// which it expires and the user, the password a MAC of both.
//
// What the draft calls the user begins with the name of the secret, for the
// server has to know which one to check with.
func Credentials(secret, user string, now time.Time, ttl time.Duration) (username, password string) {
	expiry := now.Add(min(ttl, maxTTL)).Unix()
	username = strconv.FormatInt(expiry, 10) + ":" + nameOf(secret) + "." + user
	return username, passwordOf(secret, username)
}

func passwordOf(secret, username string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// nameOf tells secrets apart without telling them.
func nameOf(secret string) string {
	sum := sha256.Sum256([]byte("TURN secret " + secret))
	return hex.EncodeToString(sum[:4])
}

// key is one secret.
type key struct {
	secret, name string
	until        time.Time // what was made with it has expired by then; zero: it is the newest
}

// keyring holds the secrets, the newest first.
type keyring struct{ keys []key }

func newKeyring(secret string) keyring {
	return keyring{keys: []key{{secret: secret, name: nameOf(secret)}}}
}

func (r *keyring) replace(secret string, now time.Time) {
	next := newKeyring(secret)
	for _, k := range r.keys {
		if k.until.IsZero() {
			k.until = now.Add(maxTTL)
		}
		if k.secret != secret && now.Before(k.until) && len(next.keys) < maxSecrets {
			next.keys = append(next.keys, k)
		}
	}
	*r = next
}

// grant is what a username is good for.
type grant struct {
	user     string
	password string
	expires  time.Time
}

// find returns what username is good for, if it has the form of one. Without the
// name of a secret it was made with the newest, by somebody else who knows it.
func (r *keyring) find(username string) (grant, bool) {
	stamp, user, ok := strings.Cut(username, ":")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if !ok || err != nil {
		return grant{}, false
	}
	expires, used := time.Unix(seconds, 0), r.keys[0]
	for _, k := range r.keys {
		if rest, ok := strings.CutPrefix(user, k.name+"."); ok {
			used, user = k, rest
			break
		}
	}
	if user == "" || !used.until.IsZero() && expires.After(used.until) {
		return grant{}, false // nobody's, or made after its secret had been replaced
	}
	return grant{user: user, password: passwordOf(used.secret, username), expires: expires}, true
}

// authenticate is pion's question for the key of a user. Only a new relay needs
// credentials that have not expired: a meeting may take longer than they last,
// and who refreshes a relay has been let in before.
func (s *Server) authenticate(asked *turn.RequestAttributes) (string, []byte, bool) {
	s.mu.Lock()
	g, ok := s.keys.find(asked.Username)
	s.mu.Unlock()
	switch {
	case !ok:
		s.refuse(metrics.TURNCredentials)
		return "", nil, false
	case asked.Method == stun.MethodAllocate && !time.Now().Before(g.expires):
		s.refuse(metrics.TURNExpired)
		return "", nil, false
	}
	return g.user, turn.GenerateAuthKey(asked.Username, Realm, g.password), true
}
