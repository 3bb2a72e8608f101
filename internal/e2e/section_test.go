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
	codec := "opus/48000"
	if s.kind == webrtc.RTPCodecTypeVideo {
		codec = "VP8/90000"
	}
	for _, a := range m.Attributes {
		number, rest, _ := strings.Cut(a.Value, " ")
		switch {
		case a.Key == "ssrc" && s.ssrc == 0:
			s.ssrc = uint32(atoi(number))
		case a.Key == "ssrc-group" && number == "FID":
			media, repair, _ := strings.Cut(rest, " ")
			s.ssrc, s.rtx = uint32(atoi(media)), uint32(atoi(repair))
		case a.Key == "rtpmap" && strings.HasPrefix(rest, codec):
			s.pt = uint8(atoi(number))
		case a.Key == "msid":
			s.msid = number
		case a.Key == "extmap" && rest == extMid:
			s.midID = uint8(atoi(number))
		case a.Key == "extmap" && rest == extLevel:
			s.levelID = uint8(atoi(number))
		}
	}
	for _, a := range m.Attributes {
		number, rest, _ := strings.Cut(a.Value, " ")
		if a.Key == "fmtp" && rest == fmt.Sprintf("apt=%d", s.pt) {
			s.rtxPT = uint8(atoi(number))
		}
	}
	if s.mid == "" || s.ssrc == 0 || s.pt == 0 {
		return s, fmt.Errorf("section %q has SSRC %d, payload type %d", s.mid, s.ssrc, s.pt)
	}
	return s, nil
}

// atoi returns 0 for what is no number.
func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// countSections returns how many m-lines of any kind a description has.
func countSections(raw string) int { return strings.Count(raw, "\nm=") }
