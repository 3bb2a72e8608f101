package deploytest

import (
	"regexp"
	"strings"
	"testing"

	"sfu/config"
)

// commented is a setting behind a #: what the reader is to write.
var commented = regexp.MustCompile(`(?m)^#\s+([a-z-]+: .+)$`)

// wrong returns what the server would say of settings.
func wrong(settings string) string {
	home := func(name string) (string, bool) { return "/root", name == "HOME" }
	return config.Check(settings, home).Error()
}

// Whoever takes a # away has settings that the server takes.
func TestSettingsToUncommentAreSettings(t *testing.T) {
	t.Parallel()
	for path, atLeast := range map[string]int{"sfu.yaml": 10, "proxy/Caddyfile": 3, "proxy/nginx.conf": 3, "kubernetes/monitoring.yaml": 1} {
		lines := commented.FindAllStringSubmatch(text(t, path), -1)
		if len(lines) < atLeast {
			t.Errorf("%s: only %d settings read: has its form changed?", path, len(lines))
		}
		for _, line := range lines {
			if p := wrong(line[1] + "\n"); p != "" {
				t.Errorf("%s: %s: %s", path, line[1], p)
			}
		}
	}
}

// What a proxy's file says about the server goes together.
func TestSettingsBehindAProxyGoTogether(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"proxy/Caddyfile", "proxy/nginx.conf"} {
		var settings strings.Builder
		for _, line := range commented.FindAllStringSubmatch(text(t, path), -1) {
			settings.WriteString(line[1] + "\n")
		}
		if p := wrong(settings.String()); p != "" {
			t.Errorf("%s: %s", path, p)
		}
		for _, want := range []string{"listen: 127.0.0.1:8080\n", "udp-port: 7882\n", "behind-proxy: [127.0.0.1]\n"} {
			if !strings.Contains(settings.String(), want) {
				t.Errorf("%s: no %q", path, want)
			}
		}
	}
}

func TestSettingsThatAreInstalledAreFine(t *testing.T) {
	t.Parallel()
	if p := wrong(text(t, "sfu.yaml")); p != "" {
		t.Errorf("sfu.yaml: %s", p)
	}
	settings, _ := at(kind(t, "kubernetes/sfu.yaml", "ConfigMap"), "data sfu.yaml").(string)
	if p := wrong(settings); settings == "" || p != "" {
		t.Errorf("kubernetes/sfu.yaml: %q, %s", settings, p)
	}
}
