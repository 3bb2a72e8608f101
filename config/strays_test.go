package config

import (
	"slices"
	"testing"
)

func TestMistypedVariablesAreWarnedOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, variable, want string }{
		{"two letters swapped", "SFU_DOMIAN=a.org", "SFU_DOMIAN: is no setting; did you mean SFU_DOMAIN?"},
		{"an underscore is missing", "SFU_PUBLICIP=", "SFU_PUBLICIP: is no setting; did you mean SFU_PUBLIC_IP?"},
		{"the file", "SFU_CONFG=/etc/x", "SFU_CONFG: is no setting; did you mean SFU_CONFIG?"},
		{"like no other", "SFU_REDIS=x", "SFU_REDIS: is no setting (see sfu --help)"},
		{"an equals sign in the value", "SFU_X=SFU_Y=1", "SFU_X: is no setting (see sfu --help)"},
		{"a setting", "SFU_DOMAIN=a.org", ""},
		{"the settings file", "SFU_CONFIG=/x", ""},
		{"somebody else's", "SFUX=1", ""},
		{"in small letters", "sfu_domian=1", ""},
		{"no variable at all", "=", ""},

		{"Kubernetes' address", "SFU_SERVICE_HOST=10.0.0.1", ""},
		{"Kubernetes' port", "SFU_SERVICE_PORT=443", ""},
		{"Kubernetes' named port", "SFU_SERVICE_PORT_HTTPS=443", ""},
		{"as Docker linked", "SFU_PORT=tcp://10.0.0.1:443", ""},
		{"a port as Docker linked", "SFU_PORT_443_UDP=udp://10.0.0.1:443", ""},
		{"its parts", "SFU_PORT_443_TCP_ADDR=10.0.0.1", ""},
		{"nearly", "SFU_SERVICE_HOSTS=1", "SFU_SERVICE_HOSTS: is no setting (see sfu --help)"},
		{"of another service", "SFU_UDPP_PORT=1", "SFU_UDPP_PORT: is no setting; did you mean SFU_UDP_PORT?"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, l := load(t, Input{Environ: []string{"PATH=/bin", tc.variable}})
			if got := l.Warnings.Error(); got != tc.want || l.Err() != nil {
				t.Errorf("%q, want %q; %v", got, tc.want, l.Err())
			}
			if _, l := load(t, Input{Environ: []string{tc.variable}, FlagsOnly: true}); l.Warnings != nil {
				t.Errorf("the environment was not to be looked at: %v", l.Warnings)
			}
		})
	}
}

func TestWarningsComeInOneOrder(t *testing.T) {
	t.Parallel()
	_, l := load(t, Input{Environ: []string{"SFU_B=", "SFU_C=", "SFU_A="}})
	var got []string
	for _, w := range l.Warnings {
		got = append(got, w.Where)
	}
	if !slices.Equal(got, []string{"SFU_A", "SFU_B", "SFU_C"}) {
		t.Error(got)
	}
}
