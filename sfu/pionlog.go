package sfu

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogs turns pion's logs into debug lines: what is an error to pion (a
// candidate of an ignored offer, say) is the ordinary course of events here,
// and what matters reaches us as a state or a returned error.
type pionLogs struct{ log *slog.Logger }

func (l pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{l.log.With("pion", scope)}
}

type pionLog struct{ log *slog.Logger }

func (l pionLog) debug(msg string) { l.log.Debug(msg) }

func (l pionLog) debugf(format string, args []any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(fmt.Sprintf(format, args...))
	}
}

func (l pionLog) Trace(string)                      {}
func (l pionLog) Tracef(string, ...any)             {}
func (l pionLog) Debug(string)                      {}
func (l pionLog) Debugf(string, ...any)             {}
func (l pionLog) Info(msg string)                   { l.debug(msg) }
func (l pionLog) Infof(format string, args ...any)  { l.debugf(format, args) }
func (l pionLog) Warn(msg string)                   { l.debug(msg) }
func (l pionLog) Warnf(format string, args ...any)  { l.debugf(format, args) }
func (l pionLog) Error(msg string)                  { l.debug(msg) }
func (l pionLog) Errorf(format string, args ...any) { l.debugf(format, args) }
