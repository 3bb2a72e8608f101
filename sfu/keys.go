package sfu

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/srtp/v3"
	"github.com/pion/webrtc/v4"

	"sfu/sfu/seal"
)

// keys overhears one connection's DTLS handshake for what encrypts its media:
// pion keeps that to itself, and writes packet by packet (ADR 10). Our hello says
// the profile and our random, the key log the client's and the secret of both.
type keys struct {
	mu             sync.Mutex // guards the fields below; the handshake has goroutines of its own
	client, server []byte
	secret         []byte
	hash           func() hash.Hash
	profile        srtp.ProtectionProfile
}

// overhear makes a connection tell its keys. It must be the DTLS server.
func (k *keys) overhear(s *webrtc.SettingEngine) {
	s.SetDTLSServerHelloMessageHook(k.hello)
	s.SetDTLSKeyLogWriter(k)
}

func (k *keys) hello(m handshake.MessageServerHello) handshake.Message {
	k.mu.Lock()
	defer k.mu.Unlock()
	random := m.Random.MarshalFixed()
	k.server, k.hash = random[:], sha256.New
	if m.CipherSuiteID != nil {
		switch dtls.CipherSuiteID(*m.CipherSuiteID) {
		case dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
			k.hash = sha512.New384
		}
	}
	for _, e := range m.Extensions {
		if use, ok := e.(*extension.UseSRTP); ok && len(use.ProtectionProfiles) == 1 {
			k.profile = srtp.ProtectionProfile(use.ProtectionProfiles[0]) // the numbers are IANA's in both
		}
	}
	return &m
}

// Write takes the line of the key log: "CLIENT_RANDOM", the random, the secret.
func (k *keys) Write(line []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if fields := bytes.Fields(line); len(fields) == 3 {
		k.client, _ = hex.DecodeString(string(fields[1])) // pion has just encoded it
		k.secret, _ = hex.DecodeString(string(fields[2]))
	}
	return len(line), nil
}

// ciphers are those of one connection. Sealer, where there is one, encrypts the RTP
// that we send, and out the rest.
type ciphers struct {
	sealer  *seal.Sealer // nil but for AES-GCM
	out, in *srtp.Context
}

// ciphers returns what encrypts the packets we send and decrypts those that come,
// once: it forgets the secret.
func (k *keys) ciphers() (c ciphers, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.secret) == 0 || k.profile == 0 {
		return c, errors.New("the handshake told no keys")
	}
	defer k.forget()
	config := srtp.Config{Profile: k.profile}
	if err := config.ExtractSessionKeysFromDTLS(exporter{k}, false); err != nil {
		return c, fmt.Errorf("SRTP keys: %w", err)
	}
	switch k.profile {
	case srtp.ProtectionProfileAeadAes128Gcm, srtp.ProtectionProfileAeadAes256Gcm:
		if c.sealer, err = seal.New(config.Keys.LocalMasterKey, config.Keys.LocalMasterSalt); err != nil {
			return c, fmt.Errorf("sealing: %w", err)
		}
	}
	c.out, err = srtp.CreateContext(config.Keys.LocalMasterKey, config.Keys.LocalMasterSalt, k.profile)
	if err != nil {
		return c, fmt.Errorf("SRTP out: %w", err)
	}
	c.in, err = srtp.CreateContext(config.Keys.RemoteMasterKey, config.Keys.RemoteMasterSalt, k.profile,
		srtp.SRTPReplayProtection(srtpReplayWindow), srtp.SRTCPReplayProtection(srtcpReplayWindow))
	if err != nil {
		return c, fmt.Errorf("SRTP in: %w", err)
	}
	return c, nil
}

// forget wipes what was overheard.
func (k *keys) forget() {
	clear(k.secret)
	k.secret, k.client, k.server = nil, nil, nil
}

// exporter derives keys from what keys know, while they are locked.
type exporter struct{ keys *keys }

// ExportKeyingMaterial is that of RFC 5705, 4, without a context.
func (e exporter) ExportKeyingMaterial(label string, _ []byte, length int) ([]byte, error) {
	k := e.keys
	seed := append(append([]byte(label), k.client...), k.server...)
	return prf.PHash(k.secret, seed, length, k.hash)
}
