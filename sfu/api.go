package sfu

import (
	_ "github.com/alecthomas/kong"
	_ "github.com/gorilla/websocket"
	_ "github.com/pion/interceptor/pkg/twcc"
	_ "github.com/pion/transport/v5/vnet"
	_ "github.com/pion/webrtc/v4"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "golang.org/x/time/rate"
)
