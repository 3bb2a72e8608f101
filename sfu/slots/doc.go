// Package slots decides which published tracks feed which down slots of one
// subscriber. It is not the slots themselves: mids, SSRCs and the forwarders
// behind them are the engine's, and each participant's loop owns one Table.
package slots
