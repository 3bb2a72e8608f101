package certs

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// complaintsPerMinute is how often the log repeats one complaint: anybody can
// ask for challenges that there are not.
const complaintsPerMinute = 5

// complaints is a zap logger that passes on to log what certmagic warns of.
func complaints(log *slog.Logger) *zap.Logger {
	return zap.New(zapcore.NewSamplerWithOptions(&core{log: log}, time.Minute, complaintsPerMinute, 0))
}

// core is a zapcore.Core.
type core struct {
	log    *slog.Logger
	fields []zapcore.Field
}

// Enabled leaves out what certmagic tells of every step.
func (c *core) Enabled(level zapcore.Level) bool { return level >= zapcore.WarnLevel }

// With returns a core that adds fields to every line.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	return &core{c.log, slices.Concat(c.fields, fields)}
}

// Check adds the core to a line that it takes.
func (c *core) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

// Write writes a line.
func (c *core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	encoded := zapcore.NewMapObjectEncoder()
	for _, f := range slices.Concat(c.fields, fields) {
		f.AddTo(encoded)
	}
	attrs := make([]slog.Attr, 0, len(encoded.Fields))
	for _, key := range slices.Sorted(maps.Keys(encoded.Fields)) {
		attrs = append(attrs, slog.Any(key, encoded.Fields[key]))
	}
	level := slog.LevelWarn
	if e.Level >= zapcore.ErrorLevel {
		level = slog.LevelError
	}
	c.log.LogAttrs(context.Background(), level, "certificate: "+e.Message, attrs...)
	return nil
}

// Sync has nothing to do: slog keeps nothing back.
func (c *core) Sync() error { return nil }
