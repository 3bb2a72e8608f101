package sfu

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v5/vnet"
	"github.com/pion/webrtc/v4"

	"sfu/metrics"
)

// plugging guards vnet's count of MAC addresses, which all networks share.
var plugging sync.Mutex

// pairOver connects two peers, the first of which detaches its channels, over
// a network with a round trip of 40 ms.
func pairOver(t *testing.T, router *vnet.Router) (server, client *webrtc.PeerConnection) {
	t.Helper()
	peer := func(ip string, detach bool) *webrtc.PeerConnection {
		plugging.Lock()
		defer plugging.Unlock()
		nic, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
		must(t, err)
		must(t, router.AddNet(nic))
		s := webrtc.SettingEngine{}
		s.SetNet(nic)
		s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
		if detach {
			s.DetachDataChannels()
		}
		pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
		must(t, err)
		return pc
	}
	return peer("10.0.0.1", true), peer("10.0.0.2", false)
}

// signal lets a peer offer to another, and waits for neither.
func signal(t *testing.T, from, to *webrtc.PeerConnection) {
	t.Helper()
	offer, err := from.CreateOffer(nil)
	must(t, err)
	gathered := webrtc.GatheringCompletePromise(from)
	must(t, from.SetLocalDescription(offer))
	<-gathered
	must(t, to.SetRemoteDescription(*from.LocalDescription()))
	answer, err := to.CreateAnswer(nil)
	must(t, err)
	gathered = webrtc.GatheringCompletePromise(to)
	must(t, to.SetLocalDescription(answer))
	<-gathered
	must(t, from.SetRemoteDescription(*to.LocalDescription()))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The same as with a link that we made up: pion's SCTP and its buffer do what
// the writer takes them to do.
func TestAFileAndChatOverSCTP(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logs := &logging.DefaultLoggerFactory{Writer: t.Output(), DefaultLogLevel: logging.LogLevelError}
		plugging.Lock()
		router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/16", MinDelay: 20 * time.Millisecond, LoggerFactory: logs})
		plugging.Unlock()
		must(t, err)
		must(t, router.Start())
		defer router.Stop()
		server, client := pairOver(t, router)
		defer client.Close()
		defer server.Close()

		var bytes, chats atomic.Int64
		client.OnDataChannel(func(dc *webrtc.DataChannel) {
			dc.OnMessage(func(m webrtc.DataChannelMessage) {
				if dc.Label() == "chat" {
					chats.Add(1)
					return
				}
				bytes.Add(int64(len(m.Data)))
			})
		})
		w := newDataWriter(metrics.New())
		defer w.close()
		open := func(label string) *downChannel {
			dc, err := server.CreateDataChannel(label, nil)
			must(t, err)
			d := newDownChannel(&participant{data: w}, &upChannel{})
			w.add(d)
			dc.OnOpen(func() {
				if raw, err := dc.Detach(); err == nil {
					w.opened(d, raw, dc.Transport().BufferedAmount)
				}
			})
			return d
		}
		file, chat := open("file"), open("chat")
		signal(t, server, client)
		time.Sleep(2 * time.Second)

		w.allow(200 * kbit)
		for w.put(file, message{data: make([]byte, chunk)}) {
		}
		time.Sleep(5 * time.Second)
		before := bytes.Load()
		for i := range 16 {
			w.put(chat, message{data: make([]byte, 200), text: true})
			time.Sleep(320 * time.Millisecond)
			if n := int(chats.Load()); n != i+1 {
				t.Fatalf("after 320 ms %d of %d chat messages are there", n, i+1)
			}
			time.Sleep(180 * time.Millisecond)
		}
		// In 8 s there are as many bytes as bits in one.
		if n := bytes.Load() - before; n < 150_000 || n > 220_000 {
			t.Errorf("the file goes at %d kbit/s, not 200", n/1000)
		}
		if got, want := int64(w.delivered()), bytes.Load()+200*chats.Load(); got > want || got < want-2*chunk {
			t.Errorf("%d bytes are counted as arrived, not %d", got, want)
		}
		w.allow(10_000 * kbit)
		time.Sleep(10 * time.Second)
		if n := bytes.Load(); n < 3_900_000 {
			t.Errorf("only %d bytes of the file are there, at 10 Mbit/s", n)
		}
		if got, want := int64(w.delivered()), bytes.Load()+200*chats.Load(); got != want {
			t.Errorf("%d bytes are counted in the end, not %d", got, want)
		}
	})
}
