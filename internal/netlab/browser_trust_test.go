//go:build netlab

package netlab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"os"
	"testing"
	"time"
)

// certify makes an authority that the browsers trust, and the server's certificate from
// it. To tell a browser to ignore errors of a page is no promise for TURN.
func (w *town) certify() {
	w.t.Helper()
	now := time.Now()
	template := x509.Certificate{NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), BasicConstraintsValid: true}
	ca, leaf := template, template
	ca.Subject = pkix.Name{CommonName: "netlab"}
	ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign
	leaf.Subject, leaf.DNSNames = pkix.Name{CommonName: townName}, []string{townName}
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	caKey, leafKey := newKey(w.t), newKey(w.t)
	w.issue("ca.pem", &ca, &ca, caKey, caKey)
	w.issue("cert.pem", &leaf, &ca, leafKey, caKey)
	private, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), 0o600)
	w.trust("ca.pem")
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue writes a certificate to a file.
func (w *town) issue(name string, of, by *x509.Certificate, key, byKey *ecdsa.PrivateKey) {
	w.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, of, by, key.Public(), byKey)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(name, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o600)
}

// trust makes browsers believe an authority as they do a public one: Chromium by the
// database in its home, Firefox by a policy of whoever runs the machine.
func (w *town) trust(ca string) {
	w.t.Helper()
	database := w.file("home/.pki/nssdb")
	if err := os.MkdirAll(database, 0o700); err != nil {
		w.t.Fatal(err)
	}
	command(w.t, "certutil", "-d", "sql:"+database, "-N", "--empty-password")
	command(w.t, "certutil", "-d", "sql:"+database, "-A", "-n", "netlab", "-t", "C,,", "-i", w.file(ca))
	w.write("policies/policies.json", `{"policies":{"Certificates":{"Install":["`+w.file(ca)+`"]}}}`, 0o644)
}
