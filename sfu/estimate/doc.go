// Package estimate finds out how many bits a second one downlink carries, from
// the transport-cc feedback of its receiver, and says when to probe for more.
// It works in the manner of goog_cc, the estimator of libwebrtc (in 2025), of
// which draft-ietf-rmcat-gcc-02 describes the beginnings: what packets wait
// and what is lost bounds a rate that otherwise grows as far as the receiver
// confirms it.
//
// It differs where an SFU does: layers use less than there is, nobody paces
// what publishers send, and the next layer must be found before it is sent. So
// the rate grows by itself only a little above what arrives; probes, not
// growth, find the rest, and they are left out of what the detector sees; a
// queue that was empty a moment ago is no overuse; one that stands is drained;
// and what is lost at random counts for less.
//
// It sends nothing and decides nothing about layers: the engine numbers
// packets by History, tells Estimator of them and of their fate, and sends the
// packets that Prober asks for. One History, Estimator and Prober belong to one
// PeerConnection, and to the loop that sends on it.
//
// Sources of constants: "libwebrtc" and a file name are those of
// modules/congestion_controller/goog_cc unless another folder is given.
package estimate
