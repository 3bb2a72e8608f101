package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"sfu/sfu"
)

const (
	// maxCaptureBody bounds the body of a request for a capture.
	maxCaptureBody = 4 << 10

	megabyte = 1 << 20
)

// captureWish is what a request asks for; what it leaves out is the default.
type captureWish struct {
	Seconds   int    `json:"seconds"`
	Megabytes int    `json:"megabytes"`
	Direction string `json:"direction"`
	Payload   bool   `json:"payload"`
}

// capture answers with one participant's packets while they come.
func capture(w http.ResponseWriter, r *http.Request, engine inspector) {
	order, err := readCapture(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	c, err := engine.Capture(order)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.tcpdump.pcap")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", order.Participant+".pcap"))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Trailer", "Sfu-Capture-Missed")
	_ = c.Run(r.Context(), &stream{w, http.NewResponseController(w)})
	w.Header().Set("Sfu-Capture-Missed", strconv.Itoa(c.Missed()))
}

// stream hands out each piece at once. Who takes none is given up by opsAnswer.
type stream struct {
	w       io.Writer
	control *http.ResponseController
}

// Write writes one piece.
func (s *stream) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if err != nil {
		return n, err
	}
	return n, s.control.Flush()
}

// readCapture reads what is asked for: the body, or without one the query.
func readCapture(w http.ResponseWriter, r *http.Request) (order sfu.CaptureOrder, err error) {
	wish := captureWish{Seconds: 10, Megabytes: 16, Direction: "both"}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCaptureBody))
	switch {
	case err != nil:
		return order, fmt.Errorf("the body has at most %d bytes", maxCaptureBody)
	case len(body) > 0:
		err = wish.readBody(body)
	default:
		err = wish.readQuery(r.URL.Query())
	}
	if err != nil {
		return order, err
	}
	const seconds, megabytes = int(sfu.MaxCaptureTime / time.Second), sfu.MaxCaptureBytes / megabyte
	switch {
	case wish.Seconds < 1 || wish.Seconds > seconds:
		return order, fmt.Errorf("seconds is 1 to %d, not %d", seconds, wish.Seconds)
	case wish.Megabytes < 1 || wish.Megabytes > megabytes:
		return order, fmt.Errorf("megabytes is 1 to %d, not %d", megabytes, wish.Megabytes)
	case wish.Direction != "up" && wish.Direction != "down" && wish.Direction != "both":
		return order, fmt.Errorf("direction is up (what the participant sends), down or both, not %.20q", wish.Direction)
	}
	return sfu.CaptureOrder{
		Room: r.PathValue("room"), Participant: r.PathValue("id"),
		Time: time.Duration(wish.Seconds) * time.Second, Bytes: wish.Megabytes * megabyte,
		Up: wish.Direction != "down", Down: wish.Direction != "up",
		Payload: wish.Payload, By: r.RemoteAddr,
	}, nil
}

func (c *captureWish) readBody(body []byte) error {
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(c); err != nil {
		return fmt.Errorf(`the body is JSON as {"seconds": 10, "megabytes": 16, "direction": "both", "payload": false}: %w`, err)
	}
	return nil
}

func (c *captureWish) readQuery(query url.Values) (err error) {
	for name := range query {
		value := query.Get(name)
		switch name {
		case "seconds":
			c.Seconds, err = strconv.Atoi(value)
		case "megabytes":
			c.Megabytes, err = strconv.Atoi(value)
		case "direction":
			c.Direction = value
		case "payload":
			c.Payload, err = strconv.ParseBool(value)
		default:
			err = errors.New("it is none of seconds, megabytes, direction and payload")
		}
		if err != nil {
			return fmt.Errorf("%.20q: %w", name, err)
		}
	}
	return nil
}
