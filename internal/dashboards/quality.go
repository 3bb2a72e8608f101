package dashboards

// quality answers what those inside see and hear.
func quality() Dashboard {
	return Dashboard{
		UID: "sfu-quality", Title: "sfu / Quality", Help: "What those inside see and hear, and what their networks do to it.",
		Rows: []Row{
			{"Networks", []Panel{
				{Title: "Loss on uplinks", Help: "Share of a publisher's packets lost in one report interval. What is repaired in time nobody notices.", Unit: Ratio, Warn: .05, Bad: .1, Queries: spread(`sfu_loss_ratio{direction="in"}`)},
				{Title: "Loss on downlinks", Help: "Share of packets lost on the way to a subscriber, in one report interval.", Unit: Ratio, Warn: .05, Bad: .1, Queries: spread(`sfu_loss_ratio{direction="out"}`)},
				{Title: "Packets lost", Help: "Lost on uplinks (in) and downlinks (out), as reports tell.", Unit: Packets, Queries: perSecond("sfu_lost_packets_total", "direction")},
				{Title: "Round trips", Help: "To participants, as reports measure them.", Unit: Seconds, Warn: .2, Bad: .4, Queries: spread("sfu_rtt_seconds")},
				{Title: "Jitter of uplinks", Help: "How unevenly publishers' packets come.", Unit: Seconds, Warn: .03, Bad: .06, Queries: spread(`sfu_jitter_seconds{direction="in"}`)},
				{Title: "Jitter of downlinks", Help: "How unevenly packets come to subscribers, as they report.", Unit: Seconds, Warn: .03, Bad: .06, Queries: spread(`sfu_jitter_seconds{direction="out"}`)},
			}},
			{"Layers", []Panel{
				{Title: "What downlinks carry", Help: "The estimate of each downlink, once a second: of the worst 5 of 100, of the middle, of the best.", Unit: Bits,
					Queries: []Query{
						ask("p5", "8 * ("+quantile(.05, "sfu_estimate_bytes_per_second", "")+")"),
						ask("p50", "8 * ("+quantile(.5, "sfu_estimate_bytes_per_second", "")+")"),
						ask("p95", "8 * ("+quantile(.95, "sfu_estimate_bytes_per_second", "")+")"),
					}},
				{Title: "Height of pictures, the middle", Help: "As wanted by those who look, as their path has room for (granted), and as it flows.", Unit: Pixels, Queries: quantileBy(.5, "sfu_picture_height_pixels", "state")},
				{Title: "Height of pictures, the worst 10 %", Help: "The same, of the 10 of 100 that are smallest. Where wanted is high and granted low, downlinks are too thin.", Unit: Pixels, Queries: quantileBy(.1, "sfu_picture_height_pixels", "state")},
				{Title: "Layer switches", Help: "Changes of a picture to another size, a minute for each picture that flows. Many of them are networks that come and go.", Unit: PerMinute,
					Queries: one("a picture", each(`60 * sum(rate(sfu_layer_switches_total[]))`, `sum(sfu_tracks{direction="out",kind="video"})`))},
				{Title: "Time to switch", Help: "From the decision to the first packet of the new layer: mostly how long its keyframe took.", Unit: Seconds, Queries: spread("sfu_layer_switch_seconds")},
				{Title: "Time to a picture", Help: "From a slot's taking up a track that flows to its first packet, for 95 of 100.", Unit: Seconds, Queries: quantileBy(.95, "sfu_first_packet_seconds", "kind")},
				{Title: "Encodings nobody wants", Help: "Published sizes that nobody looks at now. Their publishers save the work of encoding them.", Unit: Count, Queries: one("off", `sum(sfu_encodings_off)`)},
				{Title: "Probes", Help: "Attempts to find out whether a downlink carries more, and the packets sent only for that.", Unit: PerSecond,
					Queries: []Query{ask("probes", `sum(rate(sfu_probes_total[]))`), ask("packets", `sum(rate(sfu_probe_packets_total[]))`)}},
				{Title: "Held back", Help: "How long the oldest packet that a downlink's pacer holds back has waited, once a second.", Unit: Seconds, Queries: spread("sfu_pacer_delay_seconds")},
			}},
			{"As clients report, with consent", []Panel{
				{Title: "Frozen", Help: "Share of a report interval in which a picture stood still.", Unit: Ratio, Warn: .02, Bad: .1, Queries: spread("sfu_client_frozen_ratio")},
				{Title: "Freezes", Help: "Freezes that clients counted, and frames that came whole and were not decoded.", Unit: PerMinute,
					Queries: []Query{ask("freezes", `60 * sum(rate(sfu_client_freezes_total[]))`), ask("not decoded", `60 * sum(rate(sfu_client_decode_failures_total[]))`)}},
				{Title: "Sound made up", Help: "Share of the sound that clients had to make up, for its packets were not there.", Unit: Ratio, Warn: .02, Bad: .1, Queries: spread("sfu_client_concealed_ratio")},
				{Title: "Frames a second", Help: "Of each picture: of the worst 5 of 100, and in the middle.", Unit: FrameRates, Queries: quantiles("sfu_client_frames_per_second", .05, .5)},
				{Title: "Steps of a join in the browser", Help: "How far 95 of 100 are after the click: devices open, socket open, welcome here, connected, first picture, first sound.", Unit: Seconds, Width: 16, Queries: quantileBy(.95, "sfu_client_join_step_seconds", "step")},
			}},
			{"Repair", []Panel{
				{Title: "Asked for again", Help: "Share of packets that subscribers asked for again (in), and that publishers were asked for (out).", Unit: Ratio,
					Queries: []Query{
						ask("in", each(`sum(rate(sfu_nacked_packets_total{direction="in"}[]))`, `sum(rate(sfu_packets_total{direction="out"}[]))`)),
						ask("out", each(`sum(rate(sfu_nacked_packets_total{direction="out"}[]))`, `sum(rate(sfu_packets_total{direction="in"}[]))`)),
					}},
				{Title: "Sent again", Help: "Lost packets that publishers sent again (in), and that were sent again to subscribers (out).", Unit: Packets, Queries: perSecond("sfu_rtx_packets_total", "direction")},
				{Title: "Not repaired", Help: "Asked for by subscribers and not sent again: gone already, or asked for too often. And sound that its successor made up for.", Unit: Packets,
					Queries: []Query{
						ask("gone", `sum(rate(sfu_rtx_missed_packets_total[]))`), ask("too often", `sum(rate(sfu_rtx_limited_total[]))`),
						ask("sound recovered (RED)", `sum(rate(sfu_red_recovered_packets_total[]))`),
					}},
				{Title: "Keyframe requests", Help: "From subscribers (in), to publishers (out), and from those who asked too often.", Unit: PerSecond,
					Queries: append(perSecond("sfu_keyframe_requests_total", "direction"), ask("too often", `sum(rate(sfu_keyframe_requests_limited_total[]))`))},
				{Title: "Keyframes", Help: "From publishers, and given to newcomers out of the ring without asking for one.", Unit: PerSecond,
					Queries: []Query{ask("from publishers", `sum(rate(sfu_keyframes_total[]))`), ask("replayed", `sum(rate(sfu_keyframes_replayed_total[]))`)}},
				{Title: "Hollow packets", Help: "Padding sent to fill a place in a subscriber's sequence.", Unit: Packets, Queries: one("hollow", `sum(rate(sfu_hollow_packets_total[]))`)},
			}},
		},
	}
}
