package front

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// door is a Front under test, and what it counted.
type door struct {
	*Front
	t      *testing.T
	pipes  *pipeListener // nil on a real socket
	counts [len([7]Kind{})]atomic.Int64
	waits  atomic.Int64 // pending, as Config.Pending tells
	crowds atomic.Int64 // calls of Config.Crowded
	serve  chan error
}

// Pending returns how many connections have not said what they are.
func (d *door) Pending() int64 { return d.waits.Load() }

// open starts a Front on l; use asks for listeners before it serves.
func open(t *testing.T, l net.Listener, c Config, use func(*door)) *door {
	t.Helper()
	d := &door{t: t, serve: make(chan error, 1)}
	d.pipes, _ = l.(*pipeListener)
	c.Count = func(k Kind) { d.counts[k].Add(1) }
	c.Pending = func(by float64) { d.waits.Add(int64(by)) }
	c.Crowded = func() { d.crowds.Add(1) }
	d.Front = New(l, c)
	use(d)
	go func() { d.serve <- d.Serve() }()
	return d
}

// close ends the door and holds what it counted against want, in the order of
// Kinds: https, http, turn, ice, refused, timeout, malformed.
func (d *door) close(want ...int64) {
	d.t.Helper()
	d.Close()
	if err := <-d.serve; err != nil {
		d.t.Errorf("Serve: %v", err)
	}
	var got []int64
	for i := range d.counts {
		got = append(got, d.counts[i].Load())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		d.t.Errorf("counted %v, want %v of %v", got, want, Kinds())
	}
	if n := d.Pending(); n != 0 {
		d.t.Errorf("%d connections are still pending", n)
	}
}

// serveHTTP answers every request on l with its protocol and whether it had TLS.
func serveHTTP(t *testing.T, l net.Listener) {
	srv := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %t", r.Proto, r.TLS != nil)
		}),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("http: %v", err)
		}
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
}

// echo sends back what comes on every connection of l, after the letter that names it.
func echo(t *testing.T, l net.Listener, name string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.WriteString(c, name)
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
}

// everything asks for all listeners.
func everything(d *door) {
	serveHTTP(d.t, d.HTTP())
	serveHTTP(d.t, d.Plain())
	echo(d.t, d.TURN(), "T")
	echo(d.t, d.ICE(), "I")
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// identity is a certificate for localhost, and who trusts it.
func identity(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"localhost"},
		NotBefore:    time.Unix(0, 0), // virtual time begins in 2000
		NotAfter:     time.Unix(1<<33, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	server = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		NextProtos:   []string{protoHTTP2, protoHTTP1, protoTURN, protoACME},
	}
	return server, &tls.Config{RootCAs: roots, ServerName: "localhost"}
}

// with is c offering protocols.
func with(c *tls.Config, protocols ...string) *tls.Config {
	c = c.Clone()
	c.NextProtos = protocols
	return c
}

// pipeListener takes connections that exist in memory, from any address.
type pipeListener struct {
	conns chan net.Conn
	errs  chan error
	done  chan struct{}
}

func newPipes() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), errs: make(chan error), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case err := <-l.errs:
		return nil, err
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443} }

// dial connects from an address.
func (l *pipeListener) dial(from string) net.Conn {
	client, server := net.Pipe()
	l.conns <- &pipeConn{server, &net.TCPAddr{IP: net.ParseIP(from), Port: 40000}}
	return client
}

type pipeConn struct {
	net.Conn
	remote net.Addr
}

func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }

// browse fetches a page as a browser does, and returns the answer.
func browse(dial func() (net.Conn, error), config *tls.Config, url string) (string, error) {
	transport := &http.Transport{
		TLSClientConfig:   config,
		ForceAttemptHTTP2: len(config.NextProtos) > 0 && config.NextProtos[0] == protoHTTP2,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return dial() },
	}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
