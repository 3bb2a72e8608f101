package address

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// maxPublic bounds the values that are configured, and maxAddresses those that one
	// name has.
	maxPublic    = 16
	maxAddresses = 8
	maxServers   = 8 // STUN

	findWithin = 5 * time.Second // what has not answered by then does not
	again      = 5 * time.Minute
	// againSoon is for what could not be found out, at first: at boot there may be no
	// name servers yet.
	againSoon = 15 * time.Second

	stunPort = 3478
)

// Names looks up names, as *net.Resolver does.
type Names interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Config is what an operator may choose.
type Config struct {
	Public []string     // addresses, or names that are looked up
	STUN   []string     // servers that are asked, as host:port or stun:host:port
	Names  Names        // default: the machine's
	Log    *slog.Logger // none by default
}

// Resolver finds out what to advertise.
type Resolver struct {
	cfg     Config
	servers []server
	refresh chan struct{}

	mu     sync.Mutex // guards public
	public []string   // configured; replaced, never changed

	// The fields below are of whoever calls Resolve, one at a time.
	last   map[string][]netip.Addr // what each name resolved to
	warned []string
	own    func() ([]assigned, error)
}

type server struct {
	host string
	port uint16
}

func (s server) String() string { return net.JoinHostPort(s.host, strconv.Itoa(int(s.port))) }

// New checks the configuration. Nothing is asked yet.
func New(cfg Config) (*Resolver, error) {
	if cfg.Names == nil {
		cfg.Names = net.DefaultResolver
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := Check(cfg.Public); err != nil {
		return nil, err
	}
	if len(cfg.STUN) > maxServers {
		return nil, fmt.Errorf("%d STUN servers, at most %d", len(cfg.STUN), maxServers)
	}
	r := &Resolver{cfg: cfg, public: slices.Clone(cfg.Public), refresh: make(chan struct{}, 1), last: make(map[string][]netip.Addr), own: interfaces}
	for _, value := range cfg.STUN {
		s, err := parseServer(value)
		if err != nil {
			return nil, err
		}
		r.servers = append(r.servers, s)
	}
	return r, nil
}

// Check says what is wrong with configured public addresses and names.
func Check(public []string) error {
	if len(public) > maxPublic {
		return fmt.Errorf("%d public addresses, at most %d", len(public), maxPublic)
	}
	for _, value := range public {
		addr, err := netip.ParseAddr(value)
		switch {
		case err == nil && !usable(addr.Unmap()):
			return fmt.Errorf("public address %q: nobody else can reach it; write the address that people reach this machine at", value)
		case err != nil && !isName(value):
			return fmt.Errorf("public address %q: write an IP address or a name like meet.example.org", value)
		}
	}
	return nil
}

// SetPublic replaces the configured addresses and names, and finds out anew at once. A
// name that was there before keeps what it resolved to last.
func (r *Resolver) SetPublic(public []string) error {
	if err := Check(public); err != nil {
		return err
	}
	r.mu.Lock()
	r.public = slices.Clone(public)
	r.mu.Unlock()
	r.Refresh()
	return nil
}

// isName reports whether s may be the name of a host; the name servers know the rest.
func isName(s string) bool {
	return s != "" && len(s) <= 253 && !strings.ContainsAny(s, ":/@[] \t\r\n%?#")
}

func parseServer(value string) (server, error) {
	host, port := strings.TrimPrefix(value, "stun:"), uint64(stunPort)
	if h, p, err := net.SplitHostPort(host); err == nil {
		host = h
		if port, err = strconv.ParseUint(p, 10, 16); err != nil {
			port = 0
		}
	}
	if _, err := netip.ParseAddr(host); port == 0 || err != nil && !isName(host) {
		return server{}, fmt.Errorf("STUN server %q: write host:port", value)
	}
	return server{host, uint16(port)}, nil
}

// Run finds out what to advertise, again and again until ctx ends, and tells changed
// the first time and whenever it is something else.
func (r *Resolver) Run(ctx context.Context, changed func(Advice)) {
	var told Advice
	wait := againSoon
	for first := true; ; first = false {
		advice := r.Resolve(ctx)
		if ctx.Err() != nil {
			return
		}
		if first || !advice.equal(told) {
			changed(advice)
			told = advice
		}
		if advice.Complete {
			wait = again
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-r.refresh:
			wait = againSoon
		case <-timer.C:
			wait = min(2*wait, again)
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// Refresh makes Run find out anew at once. It never blocks.
func (r *Resolver) Refresh() {
	select {
	case r.refresh <- struct{}{}:
	default: // it is about to
	}
}

// Resolve finds out once, within a few seconds. What is new to warn of is logged. One
// call at a time.
func (r *Resolver) Resolve(ctx context.Context) Advice {
	advice := decide(r.find(ctx))
	if ctx.Err() != nil {
		return advice
	}
	for _, w := range advice.Warnings {
		if !slices.Contains(r.warned, w) {
			r.cfg.Log.Warn(w)
		}
	}
	r.warned = advice.Warnings
	return advice
}

// find asks everybody at the same time.
func (r *Resolver) find(ctx context.Context) findings {
	ctx, cancel := context.WithTimeout(ctx, findWithin)
	defer cancel()
	r.mu.Lock()
	public := r.public
	r.mu.Unlock()
	f := findings{configured: make([]answer, len(public)), seen: make([]sight, len(r.servers))}
	var asking sync.WaitGroup
	for i, value := range public {
		asking.Go(func() { f.configured[i] = r.lookUp(ctx, value) })
	}
	for i, s := range r.servers {
		asking.Go(func() { f.seen[i] = r.look(ctx, s) })
	}
	asking.Wait()
	for i := range f.configured {
		r.remember(&f.configured[i])
	}
	maps.DeleteFunc(r.last, func(name string, _ []netip.Addr) bool { return !slices.Contains(public, name) })
	var err error
	if f.interfaces, err = r.own(); err != nil {
		r.cfg.Log.Warn("the addresses of the interfaces are not known", "error", err)
	}
	return f
}

// lookUp returns what a configured value stands for now.
func (r *Resolver) lookUp(ctx context.Context, value string) answer {
	if addr, err := netip.ParseAddr(value); err == nil {
		return answer{value: value, addrs: []netip.Addr{addr.Unmap()}}
	}
	addrs, err := r.cfg.Names.LookupNetIP(ctx, "ip", value)
	if err != nil {
		r.cfg.Log.Debug("name not resolved", "name", value, "error", err)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	slices.SortFunc(addrs, netip.Addr.Compare) // name servers change the order
	addrs = slices.Compact(addrs)
	return answer{value: value, addrs: addrs[:min(len(addrs), maxAddresses)], name: true}
}

// remember keeps what a name resolves to, or takes what it did.
func (r *Resolver) remember(a *answer) {
	switch {
	case !a.name:
	case len(a.addrs) > 0:
		r.last[a.value] = a.addrs
	case len(r.last[a.value]) > 0:
		a.addrs, a.stale = r.last[a.value], true
	}
}

// look returns how a STUN server sees us, in each family that it has.
func (r *Resolver) look(ctx context.Context, s server) sight {
	hosts := []netip.Addr{}
	if addr, err := netip.ParseAddr(s.host); err == nil {
		hosts = append(hosts, addr)
	} else if hosts, err = r.cfg.Names.LookupNetIP(ctx, "ip", s.host); err != nil {
		r.cfg.Log.Debug("STUN server not resolved", "server", s, "error", err)
	}
	var seen [2]netip.Addr // IPv4, IPv6
	var asking sync.WaitGroup
	asked := [2]bool{}
	for _, host := range hosts {
		family := 0
		if host = host.Unmap(); host.Is6() {
			family = 1
		}
		if asked[family] {
			continue
		}
		asked[family] = true
		asking.Go(func() {
			addr, err := ask(ctx, netip.AddrPortFrom(host, s.port))
			if err != nil {
				r.cfg.Log.Debug("STUN server not heard", "server", s, "address", host, "error", err)
			}
			seen[family] = addr
		})
	}
	asking.Wait()
	return sight{s.String(), slices.DeleteFunc(seen[:], func(a netip.Addr) bool { return !a.IsValid() })}
}

// interfaces lists the addresses of this machine that media may use.
func interfaces() (list []assigned, err error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, ifc := range all {
		addrs, err := ifc.Addrs()
		if ifc.Flags&net.FlagUp == 0 || err != nil {
			continue
		}
		for _, a := range addrs {
			ip, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			addr, ok := netip.AddrFromSlice(ip.IP)
			if addr = addr.Unmap(); ok && (addr.IsLoopback() || usable(addr)) {
				list = append(list, assigned{ifc.Name, addr})
			}
		}
	}
	return list, nil
}
