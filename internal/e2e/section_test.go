package e2e

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// parseSections returns the m-lines of a description that its author sends on.
func parseSections(raw string) ([]section, error) {
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(raw); err != nil {
		return nil, err
	}
	var out []section
	for _, m := range desc.MediaDescriptions {
		if m.MediaName.Media == "application" {
			continue
		}
		_, only := m.Attribute("sendonly")
		_, too := m.Attribute("sendrecv")
		if !only && !too {
			continue
		}
		s, err := parseSection(m)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func parseSection(m *sdp.MediaDescription) (section, error) {
	s := section{kind: webrtc.NewRTPCodecType(m.MediaName.Media)}
	s.mid, _ = m.Attribute("mid")
	for _, a := range m.Attributes {
		number, rest, _ := strings.Cut(a.Value, " ")
		switch {
		case a.Key == "ssrc" && s.ssrc == 0:
			s.ssrc = uint32(atoi(number))
		case a.Key == "ssrc-group" && number == "FID":
			media, repair, _ := strings.Cut(rest, " ")
			s.ssrc, s.rtx = uint32(atoi(media)), uint32(atoi(repair))
		case a.Key == "rtpmap":
			s.number(rest, uint8(atoi(number)))
		case a.Key == "msid":
			s.msid = number
		case a.Key == "extmap" && rest == extTWCC:
			s.transportID = uint8(atoi(number))
		case a.Key == "extmap" && rest == extMid:
			s.midID = uint8(atoi(number))
		case a.Key == "extmap" && rest == extLevel:
			s.levelID = uint8(atoi(number))
		case a.Key == "extmap" && rest == extDependency:
			s.dependencyID = uint8(atoi(number))
		}
	}
	for _, a := range m.Attributes {
		number, rest, _ := strings.Cut(a.Value, " ")
		if apt, is := strings.CutPrefix(rest, "apt="); is && a.Key == "fmtp" {
			if f, known := s.formatOf(uint8(atoi(apt)), false); known {
				s.types[f].rtx = uint8(atoi(number))
			}
		}
	}
	if s.mid == "" || s.ssrc == 0 || s.types[formatOpus].media == 0 && s.types[formatVP8].media == 0 {
		return s, fmt.Errorf("section %q has SSRC %d, payload types %v", s.mid, s.ssrc, s.types)
	}
	return s, nil
}

// number takes the payload type of the first codec of each format.
func (s *section) number(rtpmap string, pt uint8) {
	for f, known := range formats {
		if strings.HasPrefix(rtpmap, known.rtpmap) && s.types[f].media == 0 {
			s.types[f].media = pt
		}
	}
}

// atoi returns 0 for what is no number.
func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// countSections returns how many m-lines of any kind a description has.
func countSections(raw string) int { return strings.Count(raw, "\nm=") }
