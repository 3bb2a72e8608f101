// Package bulk decides what data channels may take of one subscriber's path,
// so that a file never starves the pictures: Share says how many bits a second,
// Pace when the next message may go. It neither estimates the path nor divides
// it among pictures, and it sends nothing. The media loop owns a Share for each
// subscriber, its data writer a Pace.
package bulk
