//go:build netlab

package netlab

import (
	"os"
	"testing"
	"time"
)

func TestCertificateFilesAreReplacedDuringACall(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	next := newCertificate(t)
	text, err := os.ReadFile(next)
	if err != nil {
		t.Fatal(err)
	}
	call := beginMeeting(t, p.client, socket, p.roots, 13*time.Second) // they look every 5 s
	old := p.client.sees(site+":443", site, p.trust, nil)

	install(t, p.roots, []byte("no certificate at all"))
	p.program.says("the old certificate stays in use")
	if now, err := p.client.visits(site+":443", site, p.trust); err != nil || now.SerialNumber.Cmp(old.SerialNumber) != 0 {
		t.Errorf("after a broken file: %v", err)
	}
	install(t, p.roots, text)
	began := time.Now()
	p.client.sees(site+":443", site, poolOf(t, next), old)
	t.Logf("the new certificate is served after %v", time.Since(began).Round(time.Millisecond))
	if _, err := p.client.visits(site+":443", site, p.trust); err == nil {
		t.Error("the old certificate is still served")
	}
	call.goesOn()
	call.lostNothing()
}
