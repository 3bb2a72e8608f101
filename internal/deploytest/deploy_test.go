package deploytest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

const dir = "../../deploy"

// drain is the longest --drain-timeout that nothing here cuts off.
const drain = 5 * time.Minute

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// documents reads every YAML document of a file.
func documents(t *testing.T, path string) (docs []any) {
	t.Helper()
	dec := yaml.NewDecoder(strings.NewReader(text(t, path)))
	for {
		var doc any
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		docs = append(docs, doc)
	}
}

// at follows keys and indexes, as "spec containers 0 image".
func at(v any, path string) any {
	for key := range strings.FieldsSeq(path) {
		switch node := v.(type) {
		case map[string]any:
			v = node[key]
		case []any:
			i := int(key[0] - '0')
			if i < 0 || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// wants compares fields as YAML writes them.
func wants(t *testing.T, where string, v any, fields map[string]string) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		var want any
		if err := yaml.Unmarshal([]byte(fields[path]), &want); err != nil {
			t.Fatal(err)
		}
		got, _ := yaml.Marshal(at(v, path))
		if wanted, _ := yaml.Marshal(want); !bytes.Equal(got, wanted) {
			t.Errorf("%s: %s is %s, want %s", where, path, bytes.TrimSpace(got), fields[path])
		}
	}
}

// kind returns the one document of a kind.
func kind(t *testing.T, path, kind string) any {
	t.Helper()
	for _, doc := range documents(t, path) {
		if at(doc, "kind") == kind {
			return doc
		}
	}
	t.Fatalf("%s has no %s", path, kind)
	return nil
}

func TestYAMLIsYAML(t *testing.T) {
	t.Parallel()
	found := 0
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err == nil && (ext == ".yaml" || ext == ".yml") {
			found++
			documents(t, path)
		}
		return err
	})
	if err != nil || found < 6 {
		t.Errorf("%d files, %v", found, err)
	}
}

func TestCompose(t *testing.T) {
	t.Parallel()
	compose := documents(t, "compose.yaml")[0]
	for _, service := range []string{"sfu", "prometheus", "grafana"} {
		wants(t, service, at(compose, "services "+service), map[string]string{"network_mode": "host", "restart": "unless-stopped", "ports": "null"})
	}
	wants(t, "sfu", at(compose, "services sfu"), map[string]string{
		"build":     "{context: .., dockerfile: deploy/Dockerfile}",
		"read_only": "true", "cap_drop": "[ALL]", "cap_add": "[NET_BIND_SERVICE]",
		"security_opt": "null", // no-new-privileges would void the right to port 443
	})
	grace, err := time.ParseDuration(at(compose, "services sfu stop_grace_period").(string))
	if err != nil || grace <= drain {
		t.Errorf("stop_grace_period %v, %v: not longer than %v", grace, err, drain)
	}
	for service, def := range at(compose, "services").(map[string]any) {
		for _, volume := range at(def, "volumes").([]any) {
			from, _, _ := strings.Cut(volume.(string), ":")
			if strings.HasPrefix(from, ".") {
				if _, err := os.Stat(filepath.Join(dir, from)); err != nil {
					t.Errorf("%s mounts what is not there: %v", service, err)
				}
			} else if _, named := at(compose, "volumes").(map[string]any)[from]; !named {
				t.Errorf("%s mounts %s, which is no volume", service, from)
			}
		}
	}
}

func TestGrafanaFindsPrometheusAndDashboards(t *testing.T) {
	t.Parallel()
	compose := documents(t, "compose.yaml")[0]
	listen := ""
	for _, arg := range at(compose, "services prometheus command").([]any) {
		if addr, ok := strings.CutPrefix(arg.(string), "--web.listen-address="); ok {
			listen = addr
		}
	}
	wants(t, "data source", documents(t, "grafana/provisioning/datasources/prometheus.yaml")[0], map[string]string{
		"apiVersion": "1", "datasources 0 type": "prometheus", "datasources 0 url": "http://" + listen, "datasources 0 isDefault": "true",
	})
	folder := at(documents(t, "grafana/provisioning/dashboards/sfu.yaml")[0], "providers 0 options path").(string)
	if mounts := at(compose, "services grafana volumes").([]any); !slices.Contains(mounts, any("./grafana/dashboards:"+folder+":ro")) {
		t.Errorf("dashboards are looked for in %s; mounted are %v", folder, mounts)
	}
	wants(t, "prometheus", documents(t, "prometheus/prometheus.yml")[0], map[string]string{
		"scrape_configs 0 static_configs 0 targets": `["127.0.0.1:9464"]`,
		"rule_files": "[rules/*.yml]", // beside it, and none of them is no mistake
	})
	for _, folder := range []string{"prometheus/rules", "grafana/dashboards"} {
		if info, err := os.Stat(filepath.Join(dir, folder)); err != nil || !info.IsDir() {
			t.Errorf("%s is no folder: %v", folder, err)
		}
	}
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	const path = "kubernetes/sfu.yaml"
	deployment := kind(t, path, "Deployment")
	wants(t, path, at(deployment, "spec"), map[string]string{"replicas": "1", "strategy type": "Recreate"})
	pod := at(deployment, "spec template spec")
	wants(t, path, pod, map[string]string{
		"hostNetwork": "true", "dnsPolicy": "ClusterFirstWithHostNet", "automountServiceAccountToken": "false",
		"affinity podAntiAffinity requiredDuringSchedulingIgnoredDuringExecution 0 topologyKey": "kubernetes.io/hostname",
		"securityContext runAsNonRoot": "true", "securityContext fsGroup": "65532",
	})
	if grace, _ := at(pod, "terminationGracePeriodSeconds").(int); time.Duration(grace)*time.Second <= drain {
		t.Errorf("terminationGracePeriodSeconds %d: not longer than %v", grace, drain)
	}
	wants(t, path, at(pod, "containers 0"), map[string]string{
		"livenessProbe httpGet":                  "{host: 127.0.0.1, port: 9464, path: /livez}",
		"readinessProbe httpGet":                 "{host: 127.0.0.1, port: 9464, path: /readyz}",
		"lifecycle":                              "null",
		"resources limits cpu":                   "null",
		"securityContext readOnlyRootFilesystem": "true",
		"securityContext capabilities":           "{drop: [ALL], add: [NET_BIND_SERVICE]}",
		"volumeMounts 0 mountPath":               "/etc/sfu",
		"volumeMounts 1 mountPath":               "/var/lib/sfu",
	})
	labels := at(deployment, "spec template metadata labels")
	for where, selector := range map[string]any{
		"Deployment":          at(deployment, "spec selector matchLabels"),
		"anti-affinity":       at(pod, "affinity podAntiAffinity requiredDuringSchedulingIgnoredDuringExecution 0 labelSelector matchLabels"),
		"PodDisruptionBudget": at(kind(t, path, "PodDisruptionBudget"), "spec selector matchLabels"),
		"Service":             at(kind(t, "kubernetes/monitoring.yaml", "Service"), "spec selector"),
	} {
		want, _ := yaml.Marshal(labels)
		if got, _ := yaml.Marshal(selector); !bytes.Equal(got, want) {
			t.Errorf("%s selects %s, pods are %s", where, got, want)
		}
	}
	monitor := at(kind(t, "kubernetes/monitoring.yaml", "ServiceMonitor"), "spec endpoints 0 port")
	if port := at(kind(t, "kubernetes/monitoring.yaml", "Service"), "spec ports 0 name"); port != monitor {
		t.Errorf("the monitor asks port %v of a service with port %v", monitor, port)
	}
}

// TestUnit looks at what the score of systemd-analyze leaves open.
func TestUnit(t *testing.T) {
	t.Parallel()
	unit := "\n" + text(t, "systemd/sfu.service")
	for _, line := range []string{
		"Type=notify", "ExecStart=/usr/bin/sfu", "ExecReload=/bin/kill -HUP $MAINPID", "WatchdogSec=30", "User=sfu", "Group=sfu", "StateDirectory=sfu",
		"AmbientCapabilities=CAP_NET_BIND_SERVICE", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
		"MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service", "LimitNOFILE=1048576",
	} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	m := regexp.MustCompile(`\nTimeoutStopSec=(\d+)\n`).FindStringSubmatch(unit)
	if m == nil {
		t.Fatal("no TimeoutStopSec")
	}
	if stop, err := time.ParseDuration(m[1] + "s"); err != nil || stop <= drain {
		t.Errorf("TimeoutStopSec %v, %v: not longer than %v", stop, err, drain)
	}
}

func TestImageIsSmallAndNobodys(t *testing.T) {
	t.Parallel()
	_, final, found := strings.Cut(text(t, "Dockerfile"), "\nFROM scratch\n")
	if !found || strings.Contains(final, "\nFROM ") || strings.Contains(final, "\nRUN ") {
		t.Fatal("the last stage is not FROM scratch, or wants a shell")
	}
	for _, line := range []string{
		"USER 65532:65532", "VOLUME /var/lib/sfu", "ENV STATE_DIRECTORY=/var/lib/sfu", `ENTRYPOINT ["/usr/bin/sfu"]`,
		"COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/",
		"COPY --from=build --chown=65532:65532 --chmod=0700 /out/state /var/lib/sfu",
	} {
		if !strings.Contains(final, line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	version := regexp.MustCompile(`(?m)^go (1\.\d+)`).FindStringSubmatch(text(t, "../go.mod"))[1]
	if !strings.Contains(text(t, "Dockerfile"), "FROM golang:"+version+" AS build") {
		t.Errorf("go.mod wants Go %s, the image is built by another", version)
	}
}
