//go:build !race

package udp

import "testing"

// What a packet passes in steady state allocates nothing. (With -race pools
// forget at random.)
func TestNothingIsAllocated(t *testing.T) {
	a, sub := open(t, "127.0.0.1", Config{}), open(t, "127.0.0.1", Config{})
	batch, buf, to := a.NewBatch(), make([]byte, 2000), addrOf(sub)
	turn := func() {
		for range 10 {
			batch.Append(to, batch.Room(900)[:900])
		}
		batch.Flush()
		_, _ = a.WriteToAddrPort(buf[:50], to)
		for range 11 {
			if _, _, err := sub.ReadFromAddrPort(buf); err != nil {
				t.Fatal(err)
			}
		}
	}
	turn()
	if n := testing.AllocsPerRun(200, turn); n > 0 {
		t.Errorf("a turn of eleven packets allocates %v times", n)
	}
}
