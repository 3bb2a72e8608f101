package e2e

// cost makes pictures as large as those of a real encoder. The zero cost leaves
// them small, which is less work for all tests that do not care.
type cost struct {
	rate float64 // bit/s
	debt float64 // bytes that keyframes took too much
	key  float64 // bytes of a keyframe, where it is not as long as usual
}

const (
	fullPacket       = 1100 // bytes of payload
	picturesInSecond = 25   // one every second pulse
	// A keyframe is so many times as long as other pictures, and what it took too
	// much is saved within so many pictures.
	keyframeSize = 6.5
	payBack      = 50
)

// shares is how long pictures of each temporal layer are, by the average.
var shares = [...]float64{1.6, 0.8, 0.8}

// spend returns the length of the next picture in bytes; 0 leaves it open.
func (c *cost) spend(key bool, temporal uint8) int {
	average := c.rate / 8 / picturesInSecond
	if key {
		length := keyframeSize * average
		if c.key > 0 {
			length = c.key
		}
		c.debt += length - average
		return int(length)
	}
	length := shares[temporal] * average
	saved := min(c.debt/payBack, length/2)
	c.debt -= saved
	return int(length - saved)
}

// costly is a camera in three encodings that together take 1.8 Mbit/s.
func costly() []*reel {
	reels := simulcast()
	for i, rate := range []float64{150e3, 450e3, 1200e3} {
		reels[i].costs.rate = rate
	}
	return reels
}
