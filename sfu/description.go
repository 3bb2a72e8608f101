package sfu

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"

	"sfu/sfu/dynacast"
	"sfu/sfu/header"
	"sfu/sfu/media"
)

// description is what the engine needs of a client's session description.
type description struct {
	sections []section
	formats  [128]format // by payload type
	ids      extensionIDs
	ssrcs    map[uint32]string // mid by SSRC
	ufrags   []string

	nacks     [128]bool // payload types with generic NACK (RFC 4585, 6.2.1)
	audioNACK bool      // one of sound is among them
}

// section is one m-line.
type section struct {
	mid      string
	kind     media.Kind
	data     bool // the data channels' m-line
	sends    bool // the client sends on it
	receives bool // it is a place for a down slot
	rids     []string
}

// format is what a payload type stands for: a codec, or repairs of another
// payload type (RTX).
type format struct {
	codec   media.Codec
	repairs uint8
}

// extensionIDs are the numbers of header extensions in one connection; 0 is
// not negotiated. They are the same in every section of a bundle (RFC 8843,
// 9.2).
type extensionIDs struct {
	mid, rid, repairedRID uint8
	transportCC           uint8
	audioLevel, rotation  uint8
	dependency, sendTime  uint8

	wide bool // one of them needs the two-byte form (RFC 8285, 4.3)
}

func (ids *extensionIDs) set(uri string, id uint8) {
	switch uri {
	case uriMID:
		ids.mid = id
	case uriRID:
		ids.rid = id
	case uriRepairedRID:
		ids.repairedRID = id
	case uriTransportCC:
		ids.transportCC = id
	case uriAudioLevel:
		ids.audioLevel = id
	case uriRotation:
		ids.rotation = id
	case uriDependency:
		ids.dependency = id
	case uriSendTime:
		ids.sendTime = id
	default:
		return
	}
	ids.wide = ids.wide || !header.Narrow(id, 1)
}

// identify reads mid, rid and repaired rid of a packet, empty where absent.
func (d *description) identify(h *rtp.Header) (mid, rid, repaired string) {
	read := func(id uint8) string {
		if id == 0 {
			return ""
		}
		return string(h.GetExtension(id))
	}
	return read(d.ids.mid), read(d.ids.rid), read(d.ids.repairedRID)
}

// section returns the m-line called mid, or nil.
func (d *description) section(mid string) *section {
	for i := range d.sections {
		if d.sections[i].mid == mid {
			return &d.sections[i]
		}
	}
	return nil
}

// hasUfrag reports whether a candidate of this ICE generation belongs here.
func (d *description) hasUfrag(ufrag string) bool {
	for _, u := range d.ufrags {
		if u == ufrag {
			return true
		}
	}
	return false
}

// parseDescription reads a client's offer or answer.
func parseDescription(text string) (*description, error) {
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(text); err != nil {
		return nil, fmt.Errorf("SDP: %w", err)
	}
	if len(parsed.MediaDescriptions) == 0 {
		return nil, errors.New("SDP: no media section")
	}
	d := &description{ssrcs: make(map[uint32]string)}
	if ufrag, ok := parsed.Attribute("ice-ufrag"); ok {
		d.ufrags = append(d.ufrags, ufrag)
	}
	for _, m := range parsed.MediaDescriptions {
		s, err := d.parseSection(m)
		if err != nil {
			return nil, err
		}
		if d.section(s.mid) != nil {
			return nil, fmt.Errorf("SDP: mid %q stands twice", s.mid)
		}
		d.sections = append(d.sections, s)
	}
	for pt, f := range d.formats {
		d.audioNACK = d.audioNACK || d.nacks[pt] && f.codec != media.NoCodec && f.codec.Kind() == media.Audio
	}
	return d, nil
}

func (d *description) parseSection(m *sdp.MediaDescription) (section, error) {
	s := section{}
	switch m.MediaName.Media {
	case "audio":
		s.kind = media.Audio
	case "video":
		s.kind = media.Video
	case "application":
		s.data = true
	default:
		return s, fmt.Errorf("SDP: media %q", m.MediaName.Media)
	}
	direction := "sendrecv"
	for _, a := range m.Attributes {
		switch a.Key {
		case "mid":
			s.mid = a.Value
		case "sendrecv", "sendonly", "recvonly", "inactive":
			direction = a.Key
		case "ice-ufrag":
			d.ufrags = append(d.ufrags, a.Value)
		case "rid":
			rid, rest, _ := strings.Cut(a.Value, " ")
			if strings.HasPrefix(rest, "send") && len(s.rids) < dynacast.MaxEncodings {
				s.rids = append(s.rids, rid)
			}
		case "rtpmap":
			d.parseFormat(a.Value)
		case "fmtp":
			d.parseRepair(a.Value)
		case "rtcp-fb":
			d.parseFeedback(a.Value)
		case "extmap":
			d.parseExtension(a.Value)
		}
	}
	if s.mid == "" {
		return s, fmt.Errorf("SDP: a section has no mid")
	}
	if !s.data {
		s.sends = direction == "sendrecv" || direction == "sendonly"
		s.receives = direction == "sendrecv" || direction == "recvonly"
	}
	if s.sends && len(s.rids) == 0 { // with rids the packets say it better
		d.parseSSRCs(s.mid, m)
	}
	return s, nil
}

// parseFormat reads `96 VP8/90000`.
func (d *description) parseFormat(value string) {
	number, name, _ := strings.Cut(value, " ")
	pt, err := strconv.ParseUint(number, 10, 7)
	if err != nil {
		return
	}
	name, _, _ = strings.Cut(name, "/")
	d.formats[pt].codec = codecByName(name)
}

// parseRepair reads `97 apt=96`.
func (d *description) parseRepair(value string) {
	number, params, _ := strings.Cut(value, " ")
	apt, ok := strings.CutPrefix(params, "apt=")
	if !ok {
		return
	}
	pt, err1 := strconv.ParseUint(number, 10, 7)
	original, err2 := strconv.ParseUint(apt, 10, 7)
	if err1 == nil && err2 == nil {
		d.formats[pt] = format{repairs: uint8(original)}
	}
}

// parseFeedback reads `111 nack`.
func (d *description) parseFeedback(value string) {
	number, feedback, _ := strings.Cut(value, " ")
	if pt, err := strconv.ParseUint(number, 10, 7); err == nil && feedback == "nack" {
		d.nacks[pt] = true
	}
}

// parseExtension reads `4/sendonly urn:ietf:params:rtp-hdrext:sdes:mid`.
func (d *description) parseExtension(value string) {
	number, uri, _ := strings.Cut(value, " ")
	number, _, _ = strings.Cut(number, "/")
	uri, _, _ = strings.Cut(uri, " ")
	if id, err := strconv.ParseUint(number, 10, 8); err == nil {
		d.ids.set(uri, uint8(id))
	}
}

// maxDeclared bounds the SSRC lines that are read of one description.
const maxDeclared = 256

// parseSSRCs reads `1234 cname:x`: which section an SSRC belongs to. Whether it
// carries repairs is told by its payload type.
func (d *description) parseSSRCs(mid string, m *sdp.MediaDescription) {
	for _, a := range m.Attributes {
		if a.Key != "ssrc" || len(d.ssrcs) >= maxDeclared {
			continue
		}
		number, _, _ := strings.Cut(a.Value, " ")
		if ssrc, err := strconv.ParseUint(number, 10, 32); err == nil {
			d.ssrcs[uint32(ssrc)] = mid
		}
	}
}

func codecByName(name string) media.Codec {
	for _, c := range codecTable {
		if _, n, _ := strings.Cut(c.codec.MimeType(), "/"); strings.EqualFold(n, name) {
			return c.codec
		}
	}
	return media.NoCodec
}

func codecByMime(mime string) media.Codec {
	for _, c := range codecTable {
		if strings.EqualFold(c.codec.MimeType(), mime) {
			return c.codec
		}
	}
	return media.NoCodec
}
