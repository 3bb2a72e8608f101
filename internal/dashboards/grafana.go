package dashboards

import (
	"bytes"
	"encoding/json"
	"strings"
)

const (
	schemaVersion = 42 // Grafana 12.2 writes it; later ones read it
	columns       = 24
	statHeight    = 4
	graphHeight   = 8
)

// JSON writes a page as Grafana reads it.
func (d Dashboard) JSON() ([]byte, error) {
	page := object{
		"uid": d.UID, "title": d.Title, "description": d.Help, "tags": []string{"sfu"},
		"schemaVersion": schemaVersion, "version": 1, "editable": false, "graphTooltip": 1, // one crosshair for all
		"refresh": "30s", "time": object{"from": "now-1h", "to": "now"}, "timezone": "browser",
		"annotations": object{"list": []any{}},
		"templating":  object{"list": variables()},
		"links": []any{object{
			"type": "dashboards", "title": "sfu", "tags": []string{"sfu"}, "asDropdown": false,
			"keepTime": true, "includeVars": true, "targetBlank": false, "icon": "external link", "tooltip": "", "url": "",
		}},
		"panels": d.panels(),
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(page)
	return b.Bytes(), err
}

// object is JSON's; its keys are written in order.
type object = map[string]any

var source = object{"type": "prometheus", "uid": "${datasource}"}

func variables() []any {
	list := []any{object{
		"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1, "hide": 0,
		"current": object{"text": "Prometheus", "value": "prometheus"}, // the uid that provisioning gives it
	}}
	for _, v := range []struct{ name, query string }{
		{"job", "label_values(sfu_build_info, job)"},
		{"instance", `label_values(sfu_build_info{job=~"$job"}, instance)`},
	} {
		list = append(list, object{
			"name": v.name, "label": v.name, "type": "query", "datasource": source, "definition": v.query,
			"query": object{"qryType": 1, "query": v.query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
			"multi": true, "includeAll": true, "allValue": ".*", "refresh": 2, "sort": 1, "hide": 0,
			"current": object{"text": []string{"All"}, "value": []string{"$__all"}},
		})
	}
	return list
}

// panels puts rows below each other, and panels beside each other until a line is full.
func (d Dashboard) panels() (list []any) {
	y, id := 0, 0
	place := func(w, h, x int) object {
		id++
		return object{"x": x, "y": y, "w": w, "h": h}
	}
	for _, row := range d.Rows {
		at := place(columns, 1, 0)
		list = append(list, object{"id": id, "type": "row", "title": row.Title, "gridPos": at, "collapsed": false, "panels": []any{}})
		y++
		x, tall := 0, 0
		for _, p := range row.Panels {
			w, h := p.size()
			if x+w > columns {
				x, y, tall = 0, y+tall, 0
			}
			at := place(w, h, x)
			list = append(list, p.json(id, at))
			x, tall = x+w, max(tall, h)
		}
		y += tall
	}
	return list
}

func (p Panel) size() (w, h int) {
	w, h = 8, graphHeight
	if p.Kind == Stat || p.Kind == Name {
		w, h = 4, statHeight
	}
	if p.Width > 0 {
		w = p.Width
	}
	return w, h
}

func (p Panel) json(id int, at object) object {
	targets := make([]any, len(p.Queries))
	for i, q := range p.Queries {
		target := object{
			"refId": string(rune('A' + i)), "datasource": source, "expr": q.Expr, "legendFormat": q.Legend,
			"editorMode": "code", "range": true,
		}
		if p.Kind == Heatmap {
			target["format"] = "heatmap"
		}
		targets[i] = target
	}
	return object{
		"id": id, "type": p.Kind.plugin(), "title": p.Title, "description": p.Help, "gridPos": at,
		"datasource": source, "targets": targets, "options": p.options(),
		"fieldConfig": object{"defaults": p.defaults(), "overrides": p.overrides()},
	}
}

func (k Kind) plugin() string {
	switch k {
	case Stat, Name:
		return "stat"
	case Heatmap:
		return "heatmap"
	default:
		return "timeseries"
	}
}

func (p Panel) options() object {
	switch p.Kind {
	case Stat, Name:
		text := "auto"
		if p.Kind == Name {
			text = "name"
		}
		return object{
			"colorMode": "value", "graphMode": "area", "justifyMode": "auto", "orientation": "auto", "textMode": text, "wideLayout": true,
			"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
		}
	case Heatmap:
		return object{
			"calculate": false, "cellGap": 1, "legend": object{"show": true}, "tooltip": object{"mode": "single", "yHistogram": true},
			"yAxis": object{"unit": p.Unit, "axisPlacement": "left"}, "cellValues": object{"unit": Count},
			"color": object{"mode": "scheme", "scheme": "Blues", "steps": 64, "exponent": .5, "fill": "dark-blue", "reverse": true},
		}
	default:
		return object{
			"legend":  object{"showLegend": true, "displayMode": "table", "placement": "bottom", "calcs": []string{"lastNotNull", "max"}},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		}
	}
}

func (p Panel) defaults() object {
	fields := object{"unit": p.Unit, "min": 0, "thresholds": p.thresholds(), "color": object{"mode": "palette-classic"}, "noValue": "none"}
	if p.Unit == Count || p.Unit == Pixels || p.Unit == FrameRates {
		fields["decimals"] = 0
	}
	if p.Unit == Ratio && (p.Kind == Stat || p.Kind == Name) {
		fields["decimals"] = 2
	}
	switch p.Kind {
	case Stat, Name:
		fields["color"] = object{"mode": "thresholds"}
	case Graph, Stacked:
		lines := object{
			"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 8, "showPoints": "auto", "spanNulls": false,
			"stacking": object{"mode": "none", "group": "A"}, "thresholdsStyle": object{"mode": "off"}, "axisSoftMin": 0,
		}
		if p.Kind == Stacked {
			lines["stacking"], lines["fillOpacity"] = object{"mode": "normal", "group": "A"}, 30
		}
		if p.Bad != p.Warn {
			lines["thresholdsStyle"] = object{"mode": "dashed"}
		}
		fields["custom"] = lines
	}
	return fields
}

const (
	green  = "green"
	orange = "orange"
	red    = "red"
	blue   = "blue"
	yellow = "yellow"
	purple = "purple"
	grey   = "#8e8e8e"
)

func (p Panel) thresholds() object {
	type step = object
	steps := []any{step{"color": green, "value": nil}}
	switch {
	case p.Bad > p.Warn:
		steps = append(steps, step{"color": orange, "value": p.Warn}, step{"color": red, "value": p.Bad})
	case p.Bad < p.Warn:
		steps = []any{step{"color": red, "value": nil}, step{"color": orange, "value": p.Bad}, step{"color": green, "value": p.Warn}}
	}
	return object{"mode": "absolute", "steps": steps}
}

// colours are the same on every page.
var colours = map[string]string{
	"in": blue, "out": purple,
	"p5": red, "p50": green, "p95": orange, "p99": red,
	"wanted": blue, "granted": yellow, "flowing": green,
	"connected": green, "accepted": green, "ok": green, "taken": green,
	"failed": red, "rejected": orange, "refused": orange, "denied": orange, "malformed": red, "limited": orange, "not_found": grey,
	"audio": yellow, "video": blue,
	"udp": green, "tcp": yellow, "turn-udp": orange, "turn-tcp": red, "turn-tls": purple,
	"left": green, "lost": red, "removed": orange, "drained": grey,
}

// wordsOf are the values of the labels whose colours are fixed.
var wordsOf = map[string][]string{
	"direction": {"in", "out"},
	"state":     {"wanted", "granted", "flowing"},
	"outcome":   {"connected", "accepted", "ok", "taken", "failed", "rejected", "refused", "denied", "malformed", "limited", "not_found"},
	"kind":      {"audio", "video"},
	"path":      {"udp", "tcp", "turn-udp", "turn-tcp", "turn-tls"},
	"reason":    {"left", "lost", "removed", "drained"},
}

func (p Panel) overrides() []any {
	list := []any{}
	if p.Kind != Graph && p.Kind != Stacked {
		return list
	}
	for _, q := range p.Queries {
		words := []string{q.Legend}
		if label, ok := strings.CutPrefix(q.Legend, "{{"); ok {
			words = wordsOf[strings.TrimSuffix(label, "}}")]
		}
		for _, word := range words {
			if colour := colours[word]; colour != "" {
				list = append(list, object{
					"matcher":    object{"id": "byName", "options": word},
					"properties": []any{object{"id": "color", "value": object{"mode": "fixed", "fixedColor": colour}}},
				})
			}
		}
	}
	return list
}
