package config

import (
	"io"
	"log/slog"
	"net/netip"

	"sfu/sfu"
	"sfu/signaling"
	"sfu/signaling/wire"
)

// Engine returns the engine's part of the settings. DNS names among the public
// addresses are PublicNames, for whoever resolves them.
func (c *Config) Engine() sfu.Config {
	cfg := sfu.Config{
		UDPPort:         int(c.UDPPort),
		PublicIPs:       c.PublicAddrs(),
		MaxRooms:        c.MaxRooms,
		MaxParticipants: c.MaxParticipants,
		Loudest:         c.Loudest,
		ResumeTime:      c.ResumeTime,
		PacketByPacket:  c.PacketByPacket,
		Captures:        c.Capture,
	}
	if c.Loudest == 0 {
		cfg.Loudest = -1 // the engine's 0 is the default
	}
	for _, u := range c.ICEServer {
		cfg.ICEServers = append(cfg.ICEServers, wire.ICEServer{URLs: []string{string(u)}})
	}
	return cfg
}

// PublicAddrs returns the addresses in public-ip.
func (c *Config) PublicAddrs() (addrs []netip.Addr) {
	for _, h := range c.PublicIP {
		if addr, ok := h.Addr(); ok {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// PublicNames returns the DNS names in public-ip.
func (c *Config) PublicNames() (names []string) {
	for _, h := range c.PublicIP {
		if _, ok := h.Addr(); !ok {
			names = append(names, string(h))
		}
	}
	return names
}

// Door returns signalling's part of the settings.
func (c *Config) Door() signaling.Config {
	var cfg signaling.Config
	for _, origin := range c.AllowOrigin {
		cfg.AllowedOrigins = append(cfg.AllowedOrigins, string(origin))
	}
	for _, n := range c.BehindProxy {
		cfg.Proxies = append(cfg.Proxies, n.Prefix)
	}
	return cfg
}

// Logger returns the program's log. The level may be a slog.LevelVar, which
// changes while it runs.
func (c *Config) Logger(w io.Writer, level slog.Leveler) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
