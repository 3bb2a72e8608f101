// Package nack repairs loss: a ring of recent packets to answer NACKs from, the
// gaps to ask the publisher for, and how often to answer whom. It sends nothing
// and has no clock; the room's media loop owns all three.
package nack
