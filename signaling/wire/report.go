package wire

const (
	// leastFreeze is what a picture stands still for at least before that is a
	// freeze, in milliseconds (W3C Identifiers for WebRTC's Statistics, freezeCount).
	leastFreeze = 150
	// mostSamples is how many samples of sound a millisecond has at most.
	mostSamples = 192
)

// validate refuses what cannot be: no figure of a report is larger than its
// interval has room for, so that one client cannot spoil everybody's figures.
func (m *Report) validate() *Error {
	if m.Steps == nil && m.Interval == 0 {
		return missing("steps or interval")
	}
	refusal := first(
		m.Steps.check(),
		checkRange("interval", m.Interval, MaxInterval),
		checkCount("pictures", len(m.Pictures)),
		checkCount("sounds", len(m.Sounds)),
	)
	for i := 0; refusal == nil && i < len(m.Pictures); i++ {
		refusal = m.Pictures[i].check(m.Interval)
	}
	for i := 0; refusal == nil && i < len(m.Sounds); i++ {
		refusal = m.Sounds[i].check(m.Interval)
	}
	return refusal
}

func (s *JoinSteps) check() *Error {
	if s == nil {
		return nil
	}
	return first(
		checkKnown("devices", s.Devices, MaxStep),
		checkKnown("socket", s.Socket, MaxStep),
		checkKnown("welcome", s.Welcome, MaxStep),
		checkKnown("connected", s.Connected, MaxStep),
		checkKnown("picture", s.Picture, MaxStep),
		checkKnown("sound", s.Sound, MaxStep),
	)
}

func (p *PictureReport) check(interval int) *Error {
	if refusal := checkRange("watched", p.Watched, interval); refusal != nil {
		return refusal
	}
	return first(
		checkRange("frames", p.Frames, p.Watched),
		checkKnown("undecoded", p.Undecoded, p.Watched),
		checkKnown("freezes", p.Freezes, 1+p.Watched/leastFreeze),
		checkKnown("frozen", p.Frozen, p.Watched),
	)
}

func (s *SoundReport) check(interval int) *Error {
	return first(
		checkRange("samples", s.Samples, interval*mostSamples),
		checkRange("concealed", s.Concealed, s.Samples),
	)
}

// checkKnown is checkRange for what may be unknown.
func checkKnown(field string, n *int, highest int) *Error {
	if n == nil {
		return nil
	}
	return checkRange(field, *n, highest)
}

func checkCount(field string, n int) *Error {
	if n > MaxReported {
		return tooLarge("number of "+field, MaxReported)
	}
	return nil
}
