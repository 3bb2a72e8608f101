package dashboards

// trouble answers what went wrong, and why.
func trouble() Dashboard {
	return Dashboard{
		UID: "sfu-trouble", Title: "sfu / Trouble", Help: "What was dropped, refused or failed, by reason. Flat lines at zero are what to hope for, but for the layers nobody asked for.",
		Rows: []Row{
			{"Joins", []Panel{
				{Title: "Joins that failed", Help: "Let in, and media never connected.", Unit: PerMinute, Queries: []Query{
					ask("failed", `60 * sum(rate(sfu_joins_total{outcome="failed"}[]))`), ask("rejected", `60 * sum(rate(sfu_join_requests_total{outcome="rejected"}[]))`),
				}},
				{Title: "ICE", Help: "Connections that were made, and that failed: a firewall, or an address that is not the server's.", Kind: Stacked, Unit: PerMinute, Queries: one("{{outcome}}", `60 * sum by (outcome) (rate(sfu_ice_connections_total[]))`)},
				{Title: "DTLS", Help: "Handshakes, by how they ended.", Kind: Stacked, Unit: PerMinute, Queries: one("{{outcome}}", `60 * sum by (outcome) (rate(sfu_dtls_handshakes_total[]))`)},
				{Title: "Limits", Help: "What a limit of the server refused. docs/limits.md has them all.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_limited_total", "limit")},
				{Title: "Errors sent", Help: "Errors that clients were sent, by code.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_signaling_errors_total", "code")},
				{Title: "Ways tried", Help: "Ways that media took, one when it connects and one when it changes: TURN where UDP is blocked.", Kind: Stacked, Unit: PerMinute, Queries: one("{{path}}", `60 * sum by (path) (rate(sfu_media_paths_total[]))`)},
			}},
			{"Media", []Panel{
				{Title: "Not forwarded", Help: "Packets offered to a subscriber and dropped. Most belong to other layers (layer), to sounds that are not among the loudest (quiet), or were not wanted (paused); congested is a downlink that is too thin.", Kind: Stacked, Unit: Packets, Width: 12, Queries: perSecond("sfu_dropped_packets_total", "reason")},
				{Title: "Not taken", Help: "Packets of publishers that were refused. overload is a loop that does not keep up; duplicates and late ones come with loss.", Kind: Stacked, Unit: Packets, Width: 12, Queries: perSecond("sfu_refused_packets_total", "reason")},
				{Title: "Not written", Help: "Packets that could not be written to a subscriber, that the network did not take, and that the kernel dropped before they were read.", Unit: Packets,
					Queries: []Query{
						ask("not written", `sum(rate(sfu_write_errors_total[]))`), ask("not taken by the network", `sum(rate(sfu_socket_lost_packets_total[]))`),
						ask("dropped unread", `sum(rate(sfu_socket_receive_drops_total[]))`),
					}},
				{Title: "Not decrypted", Help: "Packets that are nobody's: forged, or of a session that is gone.", Unit: Packets, Queries: one("packets", `sum(rate(sfu_undecryptable_packets_total[]))`)},
				{Title: "Reports refused", Help: "RTCP that was not looked at.", Kind: Stacked, Unit: Packets, Queries: perSecond("sfu_refused_reports_total", "reason")},
			}},
			{"Doors", []Panel{
				{Title: "The shared port", Help: "Connections to the port that all protocols share, by what they spoke or why they were closed.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_front_connections_total", "kind")},
				{Title: "TURN relays asked for", Help: "With good credentials.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_turn_allocations_total", "outcome")},
				{Title: "TURN refusals", Help: "A few peer and stranger belong to every call: browsers try each address that they hear of.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_turn_refused_total", "reason")},
				{Title: "ICE over TCP", Help: "Connections, by whether they were let in.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_ice_tcp_connections_total", "outcome")},
				{Title: "Frames over TCP", Help: "Frames of ICE over TCP that were not passed on.", Kind: Stacked, Unit: Packets, Queries: perSecond("sfu_ice_tcp_dropped_frames_total", "reason")},
				{Title: "Clients' reports", Help: "Taken into the histograms, or refused.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_client_reports_total", "outcome")},
				{Title: "Data channels", Help: "Messages that were not relayed. stale is what lossy channels drop when their receiver is slow; cut is a receiver who stayed full.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_data_dropped_messages_total", "reason")},
			}},
			{"Operations", []Panel{
				{Title: "Operations address", Help: "Requests by what was asked for and how it ended.", Kind: Stacked, Unit: PerSecond, Width: 12, Queries: one("{{route}} {{outcome}}", `sum by (route, outcome) (rate(sfu_ops_requests_total[]))`)},
				{Title: "Captures", Help: "Captures of one participant's media, and what they wrote.", Unit: PerMinute, Width: 6, Queries: one("{{outcome}}", `60 * sum by (outcome) (rate(sfu_captures_total[]))`)},
				{Title: "Captured", Help: "Bytes that captures wrote.", Unit: Bits, Width: 6, Queries: one("written", `8 * sum(rate(sfu_capture_bytes_total[]))`)},
				{Title: "Settings loaded again", Help: "While the server ran, over the time range of this page.", Kind: Stat, Unit: Count, Width: 6, Queries: one("{{outcome}}", `sum by (outcome) (increase(sfu_config_reloads_total[$__range]))`)},
				{Title: "Certificates renewed", Help: "Over the time range of this page.", Kind: Stat, Unit: Count, Width: 6, Queries: one("{{outcome}}", `sum by (outcome) (increase(sfu_certificate_renewals_total[$__range]))`)},
				{Title: "Restarts", Help: "Times that the process started, over the time range of this page.", Kind: Stat, Unit: Count, Width: 6, Warn: 1, Bad: 2, Queries: one("restarts", `sum(changes(process_start_time_seconds[$__range]))`)},
				{Title: "Scrapes that failed", Help: "Over the time range of this page.", Kind: Stat, Unit: Ratio, Width: 6, Warn: .01, Bad: .05, Queries: one("failed", `1 - avg(avg_over_time(up[$__range]))`)},
			}},
		},
	}
}
