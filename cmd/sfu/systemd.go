package main

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Without systemd these do nothing: there is no socket to tell it anything by.

// notifyReady says that every port is open.
func notifyReady() { _, _ = daemon.SdNotify(false, daemon.SdNotifyReady) }

// notifyReloading says that the settings are being loaded again, until notifyReady. The
// time tells systemd that this answers its signal and not one before (sd_notify(3)).
func notifyReloading() {
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReloading+"\n"+daemon.SdNotifyMonotonicUsec())
}

// notifyStopping says that the end has begun, which may take as long as a drain.
func notifyStopping() { _, _ = daemon.SdNotify(false, daemon.SdNotifyStopping) }

// watch feeds systemd's watchdog, if it has one for us, for as long as alive answers:
// a server that hangs is started anew.
func watch(ctx context.Context, alive func() bool) {
	patience, err := daemon.SdWatchdogEnabled(false)
	if err != nil || patience == 0 {
		return
	}
	ticker := time.NewTicker(patience / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if alive() {
				_, _ = daemon.SdNotify(false, daemon.SdNotifyWatchdog)
			}
		}
	}
}
