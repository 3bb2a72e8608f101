// Package mailbox is the one queue between goroutines: any number of senders
// whose Put never blocks, one receiver that takes everything at once. It starts
// no goroutine; the receiver's loop owns it and selects on Wake.
package mailbox
