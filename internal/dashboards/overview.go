package dashboards

// overview answers whether the server is there, and who is in it.
func overview() Dashboard {
	return Dashboard{
		UID: "sfu-overview", Title: "sfu / Overview", Help: "Is the server there, who is in it, and do those who come get in.",
		Rows: []Row{
			{"Now", []Panel{
				{Title: "Servers up", Help: "Servers that answered the last scrape.", Kind: Stat, Unit: Count, Width: 3, Queries: one("up", `sum(up)`)},
				{Title: "Alerts", Help: "Alerts of the shipped rules that fire now. What to do is in docs/operations.md, under Runbooks.", Kind: Stat, Unit: Count, Width: 3, Warn: 1, Bad: 2,
					Queries: one("firing", `count(ALERTS{alertstate="firing"}) or vector(0)`)},
				{Title: "Rooms", Help: "Rooms with at least one participant.", Kind: Stat, Unit: Count, Width: 3, Queries: one("rooms", `sum(sfu_rooms)`)},
				{Title: "People", Help: "Participants in all rooms.", Kind: Stat, Unit: Count, Width: 3, Queries: one("people", `sum(sfu_participants)`)},
				{Title: "Media out", Help: "RTP payload forwarded to subscribers.", Kind: Stat, Unit: Bits, Width: 3, Queries: one("out", `8 * sum(rate(sfu_payload_bytes_total{direction="out"}[]))`)},
				{Title: "Joins that connect", Help: "Of the joins that were let in, the share whose media connected, over the time range of this page. The objective is 99.5 %.",
					Kind: Stat, Unit: Ratio, Width: 3, Warn: .995, Bad: .98,
					Queries: one("connected", "1 - "+share(`sum(increase(sfu_joins_total{outcome="failed"}[$__range]))`, `sum(increase(sfu_joins_total[$__range]))`))},
				{Title: "Time to join", Help: "From join_room to connected media, for 95 of 100, over the time range of this page. The objective is 2 s.",
					Kind: Stat, Unit: Seconds, Width: 3, Warn: 1, Bad: 2, Queries: one("p95", quantile(.95, "sfu_join_duration_seconds", "$__range"))},
				{Title: "Time to the first picture or sound", Help: "From join_room to the first RTP packet sent to a participant for whom somebody published, for 95 of 100, over the time range of this page.",
					Kind: Stat, Unit: Seconds, Width: 3, Warn: 1.5, Bad: 3, Queries: one("p95", quantile(.95, "sfu_first_media_seconds", "$__range"))},
			}},
			{"Health", []Panel{
				{Title: "Version", Help: "What runs, from sfu_build_info.", Kind: Name, Unit: Count, Queries: one("{{version}} {{revision}}", `count by (version, revision) (sfu_build_info)`)},
				{Title: "Up for", Help: "Since the youngest process started.", Kind: Stat, Unit: Duration, Queries: one("up", `time() - max(process_start_time_seconds)`)},
				{Title: "Draining", Help: "Servers that refuse joins and wait for rooms to end.", Kind: Stat, Unit: Count, Warn: 1, Bad: 2, Queries: one("draining", `sum(sfu_draining)`)},
				{Title: "Certificate expires in", Help: "The earliest of the certificates served; 0 without TLS.", Kind: Stat, Unit: Duration, Warn: 14 * 86400, Bad: 3 * 86400,
					Queries: one("left", `min((sfu_certificate_expiry_timestamp_seconds > 0) - time()) or min(sfu_certificate_expiry_timestamp_seconds)`)},
				{Title: "Settings", Help: "1 while the settings that were last loaded are in effect; 0 if they are wrong, and older ones are.", Kind: Stat, Unit: Count, Warn: 1, Bad: .5,
					Queries: one("in effect", `min(sfu_config_last_reload_successful)`)},
				{Title: "Settings loaded", Help: "How long ago settings were last loaded that could be used.", Kind: Stat, Unit: Duration, Queries: one("ago", `time() - max(sfu_config_last_reload_success_timestamp_seconds)`)},
			}},
			{"Rooms and people", []Panel{
				{Title: "People", Help: "Participants, and open signalling connections: more of these than people are people who come, or lost and return.", Unit: Count,
					Queries: []Query{ask("people", `sum(sfu_participants)`), ask("signalling connections", `sum(sfu_signaling_connections)`), ask("rooms", `sum(sfu_rooms)`)}},
				{Title: "Rooms opened", Help: "New rooms a minute.", Unit: PerMinute, Queries: one("opened", `60 * sum(rate(sfu_rooms_opened_total[]))`)},
				{Title: "People in a room", Help: "The most who were in a room at once, of rooms that ended.", Unit: Count, Queries: spread("sfu_room_peak_participants")},
				{Title: "Rooms last", Help: "Lifetime of rooms that ended.", Unit: Duration, Queries: spread("sfu_room_duration_seconds")},
				{Title: "People stay", Help: "Length of sessions that ended.", Unit: Duration, Queries: spread("sfu_session_duration_seconds")},
				{Title: "People leave", Help: "Participants gone a second, by reason: left by themselves, lost their network, removed, or drained with the server.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_leaves_total", "reason")},
			}},
			{"Traffic", []Panel{
				{Title: "Media", Help: "RTP payload from publishers (in) and to subscribers (out).", Unit: Bits, Queries: one("{{direction}}", `8 * sum by (direction) (rate(sfu_payload_bytes_total[]))`)},
				{Title: "Packets", Help: "RTP packets from publishers (in) and to subscribers (out).", Unit: Packets, Queries: perSecond("sfu_packets_total", "direction")},
				{Title: "Tracks", Help: "Tracks that are published (in), and slots of subscribers that carry one (out).", Unit: Count, Queries: one("{{direction}} {{kind}}", `sum by (direction, kind) (sfu_tracks)`)},
				{Title: "Ways of media", Help: "Participants, by the way that their media takes. TCP and relays cost quality: many of them mean that UDP is blocked somewhere.", Kind: Stacked, Unit: Count, Queries: one("{{path}}", `sum by (path) (sfu_media_participants)`)},
				{Title: "Data channels", Help: "Bytes of messages from participants (in) and to them (out).", Unit: Bits, Queries: one("{{direction}}", `8 * sum by (direction) (rate(sfu_data_bytes_total[]))`)},
				{Title: "Relayed by TURN", Help: "Bytes that the server's own relays passed on, from clients (in) and to them (out).", Unit: Bits, Queries: one("{{direction}}", `8 * sum by (direction) (rate(sfu_turn_bytes_total[]))`)},
			}},
			{"Joins", []Panel{
				{Title: "Joins asked for", Help: "By the answer at the door. Why some are rejected is on the page Trouble.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_join_requests_total", "outcome")},
				{Title: "Joins connected", Help: "Accepted joins whose media connected, or never did.", Kind: Stacked, Unit: PerSecond, Queries: perSecond("sfu_joins_total", "outcome")},
				{Title: "Time to join", Help: "From join_room to connected media.", Unit: Seconds, Warn: 1, Bad: 2, Queries: spread("sfu_join_duration_seconds")},
				{Title: "Steps of a join", Help: "How far 95 of 100 are after join_room: their offer is here, ICE is connected, DTLS is done, the first media flows.", Unit: Seconds, Queries: quantileBy(.95, "sfu_join_step_seconds", "step")},
				{Title: "Time to the first picture or sound", Help: "From join_room to the first RTP packet, of those for whom somebody published.", Unit: Seconds, Warn: 1.5, Bad: 3, Queries: spread("sfu_first_media_seconds")},
				{Title: "Sessions taken up again", Help: "Participants whose new connection went on where the old one broke off.", Unit: PerMinute, Queries: one("resumed", `60 * sum(rate(sfu_resumes_total[]))`)},
				{Title: "Time to join as heatmap", Help: "All joins: a second band is a group of people with a network of its own.", Kind: Heatmap, Unit: Seconds, Width: 24, Queries: one("{{le}}", `sum by (le) (increase(sfu_join_duration_seconds_bucket[]))`)},
			}},
		},
	}
}
