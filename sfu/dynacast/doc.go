// Package dynacast decides which encodings of a track its publisher is to
// encode, from what subscribers want of it. It knows neither sizes nor wishes,
// and tells nobody; the engine owns one Switch for each up track of video.
package dynacast
