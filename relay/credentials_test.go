package relay

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestCredentialsHaveTheFormOfTheDraft(t *testing.T) {
	t.Parallel()
	username, password := Credentials("secret", "ana", noon, time.Hour)
	stamp, user, _ := strings.Cut(username, ":")
	if stamp != fmt.Sprint(noon.Add(time.Hour).Unix()) || !strings.HasSuffix(user, ".ana") {
		t.Errorf("username %q", username)
	}
	mac := hmac.New(sha1.New, []byte("secret"))
	fmt.Fprint(mac, username)
	if password != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		t.Errorf("password %q", password)
	}
	if long, _ := Credentials("secret", "ana", noon, 1000*time.Hour); !strings.HasPrefix(long, fmt.Sprint(noon.Add(maxTTL).Unix())) {
		t.Errorf("username %q", long)
	}
}

func TestSecretsMayBeReplaced(t *testing.T) {
	t.Parallel()
	ring := newKeyring("old")
	good := func(secret string, made time.Time) bool {
		username, password := Credentials(secret, "a:b.c", made, maxTTL)
		g, ok := ring.find(username)
		return ok && g.user == "a:b.c" && g.password == password && g.expires.Equal(made.Add(maxTTL))
	}
	if !good("old", noon) || good("new", noon) {
		t.Fatal("before")
	}
	ring.replace("new", noon)
	if !good("new", noon) || !good("old", noon) || !good("old", noon.Add(-time.Hour)) {
		t.Error("what was made before does not work any more")
	}
	if good("old", noon.Add(2*time.Second)) {
		t.Error("the old secret still makes credentials")
	}
	ring.replace("newer", noon.Add(maxTTL))
	if good("old", noon) || !good("new", noon) {
		t.Error("the oldest is kept, or the old one is not")
	}
	ring.replace("new", noon.Add(maxTTL)) // back again
	if !good("new", noon.Add(2*maxTTL)) {
		t.Error("a secret that is back is not good")
	}
	for i := range 20 {
		ring.replace(fmt.Sprint(i), noon.Add(maxTTL))
	}
	if len(ring.keys) != maxSecrets {
		t.Errorf("%d secrets", len(ring.keys))
	}
}

func TestSomebodyElseMayMakeCredentials(t *testing.T) {
	t.Parallel()
	ring := newKeyring("secret")
	g, ok := ring.find("1767355200:ana")
	if !ok || g.user != "ana" || g.password != passwordOf("secret", "1767355200:ana") {
		t.Errorf("%+v, %v", g, ok)
	}
	for _, username := range []string{"", ":", "ana", "x:ana", "1767355200", "1767355200:", "1767355200:" + nameOf("secret") + ".", "99999999999999999999:ana"} {
		if g, ok := ring.find(username); ok {
			t.Errorf("%q: %+v", username, g)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("1767355200:ana")
	username, _ := Credentials("secret", "ana", noon, time.Hour)
	f.Add(username)
	f.Fuzz(func(t *testing.T, username string) {
		ring := newKeyring("secret")
		if g, ok := ring.find(username); ok && (g.user == "" || !strings.HasSuffix(username, g.user)) {
			t.Errorf("%q: %+v", username, g)
		}
	})
}
