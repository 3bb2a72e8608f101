package e2e

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// A receiver asks again for a lost packet at most this often, this far apart,
// as libwebrtc does.
const (
	nackTries = 10
	nackEvery = 3 * oneWay
)

// downlink is all that an endpoint receives: one stream for every section that
// the server sends on. The endpoint's loop owns it.
type downlink struct {
	e       *endpoint
	streams map[uint32]*stream // by SSRC
	repairs map[uint32]*stream // by RTX SSRC
	byMid   map[string]*stream
	flows   map[flow]*tally
	faults  []string
	prompt  bool // asks as soon as a packet is missed for sure, and again once a round trip, as libwebrtc does
	// nonsense are the sections that have carried a hostile peer: what came
	// there is not checked.
	nonsense map[string]bool
}

// flow is one source of one peer.
type flow struct {
	sender uint16
	source uint8
}

// tally is what came of a flow, in whatever section.
type tally struct {
	count  int
	newest uint32 // the highest number of the publisher's
	first  time.Time
	last   record
	mid    string // where it came last

	size, coming size   // of the newest picture, and of the one that is coming
	showing      uint32 // its timestamp
}

// see keeps the size of the newest whole picture: of several spatial layers the
// highest counts.
func (t *tally) see(r record) {
	if r.stamp.timestamp != t.showing {
		t.size, t.showing, t.coming = t.coming, r.stamp.timestamp, size{}
	}
	if r.stamp.size.width > t.coming.width {
		t.coming = r.stamp.size
	}
}

// stream is one down section: what its description promised and what came.
type stream struct {
	section
	picky    bool             // of sound, what nobody would hear may be left out
	highest  int64            // the newest extended sequence number
	lowest   int64            // the first that came
	packets  map[int64]record // by extended sequence number
	missing  map[int64]*hunt
	repaired int
	spurious int // repairs of what was here already
	gaveUp   int
	// recoveries are how long missing packets took to come after they were missed.
	recoveries []time.Duration
	reports    []senderReport
	cname      string
}

// section is what the server's description says of one of its m-lines.
type section struct {
	mid       string
	msid      string // the stream's id
	kind      webrtc.RTPCodecType
	ssrc, rtx uint32
	types     [numFormats]numbers

	midID, levelID, dependencyID, transportID uint8 // of extensions
}

// hunt is the search for one lost packet.
type hunt struct {
	noticed time.Time
	asked   time.Time
	tries   int
}

// senderReport is one that came for a stream.
type senderReport struct {
	at  time.Time
	ntp time.Time
	rtp uint32
}

func newDownlink(e *endpoint) *downlink {
	return &downlink{
		e:       e,
		streams: make(map[uint32]*stream), repairs: make(map[uint32]*stream),
		byMid: make(map[string]*stream), flows: make(map[flow]*tally), nonsense: make(map[string]bool),
	}
}

// fault notes a promise that the server broke. It fails the test in the end.
func (d *downlink) fault(format string, args ...any) {
	if len(d.faults) < 20 {
		d.faults = append(d.faults, fmt.Sprintf(format, args...))
	}
}

// doubt is fault, but for sections from which nothing better is expected.
func (d *downlink) doubt(st *stream, format string, args ...any) {
	if !d.nonsense[st.mid] {
		d.fault(format, args...)
	}
}

// describe takes the server's sections out of a description of its.
func (d *downlink) describe(raw string) {
	sections, err := parseSections(raw)
	if err != nil {
		d.fault("the server's description: %v", err)
		return
	}
	for _, s := range sections {
		old := d.byMid[s.mid]
		if old == nil {
			st := &stream{section: s, packets: make(map[int64]record), missing: make(map[int64]*hunt)}
			d.byMid[s.mid], d.streams[s.ssrc] = st, st
			if s.rtx != 0 {
				d.repairs[s.rtx] = st
			}
			continue
		}
		if old.section != s {
			d.fault("section %s changed from %+v to %+v", s.mid, old.section, s)
		}
	}
}

// handle takes one RTP packet.
func (d *downlink) handle(at time.Time, p *rtp.Packet) {
	if st := d.streams[p.SSRC]; st != nil {
		d.take(st, at, p, p.SequenceNumber, d.checkHeader(st, p, false), false)
		return
	}
	st := d.repairs[p.SSRC]
	if st == nil {
		d.fault("SSRC %d is in no description", p.SSRC)
		return
	}
	f := d.checkHeader(st, p, true)
	if p.Padding && len(p.Payload) == 0 {
		return // a probe
	}
	if len(p.Payload) < 2 {
		d.fault("%s: retransmission of %d bytes", st.mid, len(p.Payload))
		return
	}
	seq := binary.BigEndian.Uint16(p.Payload)
	p.Payload = p.Payload[2:]
	d.take(st, at, p, seq, f, true)
}

func (d *downlink) checkHeader(st *stream, p *rtp.Packet, repeat bool) format {
	f, known := st.formatOf(p.PayloadType, repeat)
	if !known {
		d.doubt(st, "%s: payload type %d, not one of %v", st.mid, p.PayloadType, st.types)
	}
	if mid := string(p.GetExtension(st.midID)); st.midID != 0 && mid != st.mid {
		d.fault("%s: a packet says mid %q", st.mid, mid)
	}
	return f
}

// take records a packet that has number seq on the stream.
func (d *downlink) take(st *stream, at time.Time, p *rtp.Packet, seq uint16, f format, repaired bool) {
	r := record{at: at, timestamp: p.Timestamp, marker: p.Marker, format: f, repaired: repaired, level: -1}
	r.seq = st.extend(seq)
	if p.Padding && len(p.Payload) == 0 {
		r.hollow = true
		st.record(d, r)
		return
	}
	if level := p.GetExtension(st.levelID); st.levelID != 0 && len(level) == 1 {
		r.level = int(level[0] & 0x7f)
	}
	payload, err := r.behead(f, p.Payload, st.types[formatOpus].media)
	if err != nil {
		d.doubt(st, "%s %d: %v", st.mid, r.seq, err)
		return
	}
	s, err := unseal(payload)
	if err != nil {
		d.doubt(st, "%s %d: %v", st.mid, r.seq, err)
		return
	}
	r.stamp = s
	if f == formatAV1 {
		d.describeFrame(st, &r, p)
	}
	if st.levelID != 0 && r.level != int(s.level) {
		d.doubt(st, "%s %d: audio level %d, not %d", st.mid, r.seq, r.level, s.level)
	}
	st.record(d, r)
}

// extend returns seq as the number nearest to the newest one.
func (st *stream) extend(seq uint16) int64 {
	if len(st.packets) == 0 {
		return 1<<16 + int64(seq)
	}
	return st.highest + int64(int16(seq-uint16(st.highest)))
}

func (st *stream) record(d *downlink, r record) {
	if _, here := st.packets[r.seq]; here {
		if !r.repaired {
			d.fault("%s: sequence number %d came twice", st.mid, r.seq)
		}
		st.spurious++
		return
	}
	if len(st.packets) == 0 {
		st.highest, st.lowest = r.seq, r.seq
	}
	for n := st.highest + 1; n < r.seq && len(st.missing) < 1000; n++ {
		st.missing[n] = &hunt{noticed: r.at}
	}
	if d.prompt && len(st.missing) > 0 {
		d.repair(r.at)
	}
	if !r.hollow {
		d.tally(st, r)
	}
	if h := st.missing[r.seq]; h != nil {
		st.recoveries = append(st.recoveries, r.at.Sub(h.noticed))
	}
	st.highest, st.lowest = max(st.highest, r.seq), min(st.lowest, r.seq)
	st.packets[r.seq] = r
	delete(st.missing, r.seq)
	if r.repaired {
		st.repaired++
	}
}

func (d *downlink) tally(st *stream, r record) {
	key := flow{r.stamp.sender, r.stamp.source}
	t := d.flows[key]
	if t == nil {
		t = &tally{first: r.at}
		d.flows[key] = t
	}
	t.count++
	t.newest = max(t.newest, r.stamp.seq)
	t.last, t.mid = r, st.mid
	t.see(r)
}

// repair asks for what is missing, where that was negotiated.
func (d *downlink) repair(now time.Time) {
	every := nackEvery
	if d.prompt {
		every = 2*oneWay + 2*d.e.link.lag()
	}
	for _, st := range d.streams {
		if st.rtx == 0 {
			continue
		}
		var seqs []uint16
		stuck := false
		for n, h := range st.missing {
			switch {
			case h.tries == nackTries:
				delete(st.missing, n)
				st.gaveUp++
				stuck = st.kind == webrtc.RTPCodecTypeVideo
			case d.prompt && h.tries == 0 && st.highest-n < 2 && now.Sub(h.noticed) < oneWay:
				// It may only have been overtaken.
			case now.Sub(h.asked) >= every:
				h.asked = now
				h.tries++
				seqs = append(seqs, uint16(n))
			}
		}
		if len(seqs) > 0 {
			slices.Sort(seqs)
			d.e.sendRTCP(&rtcp.TransportLayerNack{
				MediaSSRC: st.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs),
			})
		}
		if stuck {
			d.askKeyframe(st.mid)
		}
	}
}

// askKeyframe sends a PLI for a section, as a decoder does that is stuck.
func (d *downlink) askKeyframe(mid string) {
	d.e.sendRTCP(&rtcp.PictureLossIndication{MediaSSRC: d.byMid[mid].ssrc})
}

func (d *downlink) handleReport(at time.Time, r *rtcp.SenderReport) {
	st := d.streams[r.SSRC]
	if st == nil {
		d.fault("sender report for SSRC %d, which is in no description", r.SSRC)
		return
	}
	st.reports = append(st.reports, senderReport{at, fromNTP(r.NTPTime), r.RTPTime})
}

func (d *downlink) handleDescription(r *rtcp.SourceDescription) {
	for _, c := range r.Chunks {
		for _, item := range c.Items {
			if st := d.streams[c.Source]; st != nil && item.Type == rtcp.SDESCNAME {
				st.cname = item.Text
			}
		}
	}
}

// lost returns how many numbers have not come by themselves (RFC 3550, 6.4.1):
// browsers count those too that were repaired.
func (st *stream) lost() uint32 {
	return uint32(st.highest-st.lowest+1) - uint32(len(st.packets)-st.repaired)
}

// report returns a receiver report on every stream that flows.
func (d *downlink) report(now time.Time) []rtcp.Packet {
	var rr rtcp.ReceiverReport
	for _, ssrc := range slices.Sorted(maps.Keys(d.streams)) {
		st := d.streams[ssrc]
		if len(st.packets) == 0 || len(rr.Reports) == 31 {
			continue
		}
		block := rtcp.ReceptionReport{SSRC: ssrc, LastSequenceNumber: uint32(st.highest), TotalLost: st.lost()}
		if n := len(st.reports); n > 0 {
			last := st.reports[n-1]
			block.LastSenderReport = uint32(ntp(last.ntp) >> 16)
			block.Delay = uint32(now.Sub(last.at).Seconds() * 65536)
		}
		rr.Reports = append(rr.Reports, block)
	}
	if len(rr.Reports) == 0 {
		return nil
	}
	return []rtcp.Packet{&rr}
}
