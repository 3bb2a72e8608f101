// Package report keeps the numbers that RTCP sender and receiver reports carry.
// It neither builds compound packets nor sends them and never reads a clock;
// the media loop owns every Receiver, Delivery, Clock and Timeline.
package report
