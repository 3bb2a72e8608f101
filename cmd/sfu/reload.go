package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sfu/address"
	"sfu/certs"
	"sfu/config"
)

// reloader loads the settings again while the server runs, and applies those that may
// change. It belongs to the goroutine of run.
type reloader struct {
	load    func() (*options, error)
	effect  *options // what the server works with
	level   *slog.LevelVar
	log     *slog.Logger
	program *program
}

// reload applies everything that is written now, or nothing if any of it is wrong.
func (r *reloader) reload() {
	notifyReloading()
	defer notifyReady() // systemd waits for it, whatever comes out
	next, err := r.load()
	if err == nil {
		err = r.check(next)
	}
	r.program.count.Reloaded(err == nil, time.Now())
	if err != nil {
		for _, problem := range problems(err) {
			r.log.Error(problem)
		}
		r.log.Error("settings not reloaded; those from before stay in effect")
		return
	}
	changes, effect := r.effect.Changed(next.Config)
	// A change of the level is told of by the more talkative of the two.
	r.level.Set(min(r.effect.LogLevel, effect.LogLevel))
	r.effect = &options{Config: effect, loaded: next.loaded}
	r.program.apply(r.effect)
	r.tell(changes)
	r.level.Set(effect.LogLevel)
}

// check looks for what can still be wrong with settings that are well written. The
// certificate comes last, for it is in use as soon as it is found good.
func (r *reloader) check(next *options) error {
	if was := r.effect.loaded.File; was != "" && next.loaded.File == "" {
		return fmt.Errorf("%s is gone; put it back, or restart without it", was)
	}
	if err := address.Check(next.public()); err != nil {
		return fmt.Errorf("public-ip: %w", err)
	}
	if pair, ok := r.program.gate.certs.(*certs.Pair); ok {
		if err := pair.Reload(); err != nil {
			return fmt.Errorf("certificate: %w", err)
		}
	}
	return nil
}

// tell logs what has changed, and what would after a restart.
func (r *reloader) tell(changes []config.Change) {
	for _, w := range r.effect.loaded.Warnings {
		r.log.Warn(w.String())
	}
	waiting := 0
	for _, c := range changes {
		if c.Live {
			r.log.Info("setting changed", "setting", c.Name, "from", c.Old, "to", c.New)
			continue
		}
		waiting++
		r.log.Warn("setting waits for a restart", "setting", c.Name, "in effect", c.Old, "written", c.New)
	}
	r.log.Info("settings reloaded", "changed", len(changes)-waiting, "waiting for a restart", waiting)
}

// apply takes over the settings that may change while the server runs. They have been
// checked. Whoever is inside stays.
func (p *program) apply(o *options) {
	p.engine.Reconfigure(o.engine())
	p.door.AllowOrigins(o.door().AllowedOrigins)
	_ = p.resolver.SetPublic(o.public()) // also resolves names anew
	p.gate.renew(o, time.Now())
	p.scrapes.allow(o.PublicMetricsToken)
}

// problems returns everything that is wrong, one by one.
func problems(err error) (list []string) {
	var found config.Problems
	if !errors.As(err, &found) {
		return []string{err.Error()}
	}
	for _, p := range found {
		list = append(list, p.String())
	}
	return list
}
