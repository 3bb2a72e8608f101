package media

import "testing"

// The names are metric labels and words of the protocol: one each, none empty.
func TestNamesAreDistinct(t *testing.T) {
	t.Parallel()
	drops := map[string]bool{}
	for d := range Drop(NumDrops) {
		drops[d.String()] = true
	}
	if len(drops) != NumDrops || drops[""] || drops["unknown"] {
		t.Errorf("%d drop reasons have these names: %v", NumDrops, drops)
	}
	if got := Drop(NumDrops).String(); got != "unknown" {
		t.Errorf("a drop outside the list is called %q", got)
	}
}

func TestSourceNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		source Source
		name   string
		kind   Kind
	}{
		{Microphone, "microphone", Audio},
		{Camera, "camera", Video},
		{Screen, "screen", Video},
		{ScreenAudio, "screen_audio", Audio},
	} {
		if got := tt.source.String(); got != tt.name {
			t.Errorf("source %d is called %q, want %q", tt.source, got, tt.name)
		}
		if got, ok := ParseSource(tt.name); got != tt.source || !ok {
			t.Errorf("ParseSource(%q) = %v, %v", tt.name, got, ok)
		}
		if got := tt.source.Kind(); got != tt.kind {
			t.Errorf("a %s is %v, want %v", tt.name, got, tt.kind)
		}
	}
	for _, name := range []string{"", "Camera", "unknown", "camera "} {
		if got, ok := ParseSource(name); ok {
			t.Errorf("ParseSource(%q) = %v", name, got)
		}
	}
	if got := Source(NumSources).String(); got != "unknown" {
		t.Errorf("a source outside the list is called %q", got)
	}
}

func TestKindNamesAreThoseOfSDP(t *testing.T) {
	t.Parallel()
	if Audio.String() != "audio" || Video.String() != "video" {
		t.Errorf("the kinds are called %q and %q", Audio, Video)
	}
}

func TestCodecs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		codec Codec
		mime  string
		clock uint32
		kind  Kind
	}{
		{Opus, "audio/opus", 48000, Audio},
		{RED, "audio/red", 48000, Audio},
		{VP8, "video/VP8", 90000, Video},
		{VP9, "video/VP9", 90000, Video},
		{H264, "video/H264", 90000, Video},
		{AV1, "video/AV1", 90000, Video},
	} {
		if tt.codec.MimeType() != tt.mime || tt.codec.ClockRate() != tt.clock || tt.codec.Kind() != tt.kind {
			t.Errorf("codec %d is %s at %d Hz, %s", tt.codec, tt.codec.MimeType(), tt.codec.ClockRate(), tt.codec.Kind())
		}
	}
}
