package signaling

import "time"

// What a connection is given, in time and in room.
const (
	joinTimeout  = 10 * time.Second // to send join_room
	pingInterval = 4 * time.Second
	deadAfter    = 9 * time.Second // without a sign of life: the others hear of it within 10 s
	writeTimeout = 5 * time.Second // to read one message, or all that is left at the end
	closeGrace   = time.Second     // for the client's close frame after ours

	maxQueued      = 256     // messages
	maxQueuedBytes = 4 << 20 // of them

	messagesPerSecond = 50
	messageBurst      = 200
	bytesPerToken     = 16 << 10 // of a message are as dear as another message
	maxMistakes       = 20       // errors at once; one more every mistakeForgiven
	mistakeForgiven   = time.Minute
)
