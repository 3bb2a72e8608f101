package dashboards

// capacity answers how much more the machine holds.
func capacity() Dashboard {
	const instance = "{{instance}}"
	return Dashboard{
		UID: "sfu-capacity", Title: "sfu / Capacity", Help: "How busy the machine is, what a packet costs, and where packets wait.",
		Rows: []Row{
			{"Cost", []Panel{
				{Title: "CPU", Help: "Cores that the process keeps busy.", Unit: Number, Queries: one(instance, `sum by (instance) (rate(process_cpu_seconds_total[]))`)},
				{Title: "CPU of a forwarded packet", Help: "Processor time of the whole process for each packet forwarded. It falls as load rises, for trains grow longer.", Unit: Seconds,
					Queries: one(instance, per(`sum by (instance) (rate(process_cpu_seconds_total[]))`, `sum by (instance) (rate(sfu_packets_total{direction="out"}[]))`))},
				{Title: "Packets forwarded", Help: "RTP packets to subscribers, and offered to them.", Unit: Packets,
					Queries: []Query{ask("forwarded "+instance, `sum by (instance) (rate(sfu_packets_total{direction="out"}[]))`), ask("offered "+instance, `sum by (instance) (rate(sfu_offered_packets_total[]))`)}},
				{Title: "Packets a turn", Help: "Packets that a media loop found waiting and took at once.", Unit: Count, Queries: spread("sfu_turn_packets")},
				{Title: "Packets a train", Help: "Packets in one buffer that was handed to the kernel: the longer, the cheaper.", Unit: Count, Queries: spread("sfu_train_packets")},
				{Title: "Packets a buffer, in the mean", Help: "The same in the mean, by server.", Unit: Number,
					Queries: one(instance, per(`sum by (instance) (rate(sfu_socket_packets_total[]))`, `sum by (instance) (rate(sfu_socket_buffers_total[]))`))},
			}},
			{"Waiting", []Panel{
				{Title: "Forward latency", Help: "From the media socket to the media socket, of the packet of each turn that waited longest. The objective is 10 ms for 99 of 100.", Unit: Seconds, Warn: .005, Bad: .01, Queries: spread("sfu_forward_latency_seconds")},
				{Title: "Pacer", Help: "How long the oldest held-back packet of a downlink has waited, once a second. Long waits are thin downlinks, not a slow server.", Unit: Seconds, Queries: spread("sfu_pacer_delay_seconds")},
				{Title: "Data channel messages", Help: "How long a message waited for its receiver.", Unit: Seconds, Queries: spread("sfu_data_queue_seconds")},
				{Title: "Data channel queues", Help: "Bytes that wait for their receivers now.", Unit: Bytes, Queries: one("queued", `sum(sfu_data_queued_bytes)`)},
				{Title: "Data channels", Help: "Opened by participants and open now.", Unit: Count, Queries: one("channels", `sum(sfu_data_channels)`)},
				{Title: "Scheduler", Help: "How long goroutines that could run waited for a processor: all that waits here is late.", Unit: Seconds, Warn: .002, Bad: .01, Queries: spread("go_sched_latencies_seconds")},
				{Title: "Forward latency as heatmap", Help: "All turns. A band above the rest is a loop that does not keep up.", Kind: Heatmap, Unit: Seconds, Width: 24, Queries: one("{{le}}", `sum by (le) (increase(sfu_forward_latency_seconds_bucket[]))`)},
			}},
			{"Sockets", []Panel{
				{Title: "Packets to the kernel", Help: "Media, repeats and probes, and the buffers they went in.", Unit: Packets,
					Queries: []Query{ask("packets", `sum(rate(sfu_socket_packets_total[]))`), ask("buffers", `sum(rate(sfu_socket_buffers_total[]))`)}},
				{Title: "Socket full", Help: "Times that a media socket had no room for a moment. Raise net.core.wmem_max.", Unit: PerSecond, Queries: one(instance, `sum by (instance) (rate(sfu_socket_full_total[]))`)},
				{Title: "Lost at the socket", Help: "Dropped by the kernel before the server read them (in): raise net.core.rmem_max, or the machine is too busy. Not taken by the network (out).", Unit: Packets,
					Queries: []Query{ask("in", `sum(rate(sfu_socket_receive_drops_total[]))`), ask("out", `sum(rate(sfu_socket_lost_packets_total[]))`)}},
				{Title: "Trains refused", Help: "Trains that the card or the path did not take: such an address gets single packets for a minute.", Unit: PerSecond, Queries: one(instance, `sum by (instance) (rate(sfu_socket_refused_trains_total[]))`)},
				{Title: "Connections", Help: "Signalling, connections that have not said what they speak, ICE over TCP, and TURN relays.", Unit: Count,
					Queries: []Query{
						ask("signalling", `sum(sfu_signaling_connections)`), ask("undecided", `sum(sfu_front_pending_connections)`),
						ask("ICE over TCP", `sum(sfu_ice_tcp_open_connections)`), ask("relays", `sum(sfu_turn_open_allocations)`),
					}},
				{Title: "ICE over TCP", Help: "Bytes of media over TCP, from clients (in) and to them (out).", Unit: Bits, Queries: one("{{direction}}", `8 * sum by (direction) (rate(sfu_ice_tcp_bytes_total[]))`)},
				{Title: "Frames over TCP", Help: "Frames of ICE over TCP, from clients (in) and to them (out).", Unit: Packets, Queries: perSecond("sfu_ice_tcp_frames_total", "direction")},
				{Title: "Signalling", Help: "Messages from clients (in) and to them (out).", Unit: PerSecond, Queries: perSecond("sfu_signaling_messages_total", "direction")},
				{Title: "Data messages", Help: "Data channel messages from participants (in) and to them (out).", Unit: PerSecond, Queries: perSecond("sfu_data_messages_total", "direction")},
			}},
			{"Process", []Panel{
				{Title: "GC pauses", Help: "How long the garbage collector stopped everything.", Unit: Seconds, Warn: .001, Bad: .005, Queries: spread("go_sched_pauses_total_gc_seconds")},
				{Title: "Memory", Help: "Of the process, and of what Go has in use.", Unit: Bytes,
					Queries: []Query{ask("resident "+instance, `sum by (instance) (process_resident_memory_bytes)`), ask("heap "+instance, `sum by (instance) (go_memstats_heap_inuse_bytes)`)}},
				{Title: "Goroutines", Help: "All of them, and for each participant: a growing share is a leak.", Unit: Count,
					Queries: []Query{ask("all "+instance, `sum by (instance) (go_goroutines)`), ask("a participant "+instance, `sum by (instance) (go_goroutines) / clamp_min(sum by (instance) (sfu_participants), 1)`)}},
				{Title: "Files", Help: "Share of the open files that the process may have.", Unit: Ratio, Warn: .6, Bad: .8, Queries: one(instance, share(`sum by (instance) (process_open_fds)`, `sum by (instance) (process_max_fds)`))},
				{Title: "Scrape", Help: "How long the last scrape of the server took.", Unit: Seconds, Warn: .01, Bad: .1, Queries: one(instance, `max by (instance) (scrape_duration_seconds)`)},
				{Title: "Size of a scrape", Help: "Samples in a scrape: it does not grow with rooms or people.", Unit: Count, Queries: one(instance, `max by (instance) (scrape_samples_scraped)`)},
			}},
		},
	}
}
