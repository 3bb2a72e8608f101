# What a developer types. `make test` is what CI runs; everything else is a part of it.
.DEFAULT_GOAL := help
.PHONY: help run check test race fuzz bench gobench bwe net e2e deploytest dashboards release package clean

FUZZTIME ?= 10s
GOTOOL := go tool -modfile=tools/go.mod

help: ## show this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: ## serve http://localhost:8080
	go run ./cmd/sfu

check: web/node_modules/.installed e2e/node_modules/.installed ## format, vet, staticcheck, types of the web client, its unit tests
	@unformatted=$$(gofmt -l $$(go list -f '{{.Dir}}' ./...) | sort -u); \
	if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	go mod tidy -diff
	go vet ./...
	$(GOTOOL) staticcheck ./...
	cd web && node_modules/.bin/tsc -p .
	cd e2e && node_modules/.bin/tsc -p .
	@scripts/webtest.sh

test: ## install what is missing (Debian, as root), then everything: check, Go, fuzz seeds, browsers
	@scripts/test.sh

race: ## all Go tests under the race detector
	go test -race ./...

fuzz: ## each fuzz target for FUZZTIME (10s)
	@scripts/fuzz.sh $(FUZZTIME)

bench: ## ours beside the smallest pion forwarder, one core each; fails where a target is missed
	@mkdir -p bin tmp
	go build -o bin/ ./cmd/sfu ./cmd/sfuload
	go test -c -o bin/sfu.test ./sfu
	bin/sfuload bench --server bin/sfu --room bin/sfu.test --json tmp/bench.json

gobench: ## all Go benchmarks
	go test -run='^$$' -bench=. -benchmem ./...

bwe: ## play the downlinks of docs/allocation.md, write its table, fail where a target is missed
	go test -count=1 -v -run='^TestTargets$$' ./internal/bwe -args -full

net: e2e/node_modules/.installed ## servers and browsers behind NAT and firewalls, in network namespaces; needs root
	@scripts/net.sh

e2e: e2e/node_modules/.installed ## the browser tests alone
	@scripts/e2e.sh

deploytest: ## the unit, the Debian package, the containers and the proxies of deploy/ (Debian, as root)
	@scripts/deploytest.sh

dashboards: ## a real Prometheus asks a real server under load all that dashboards and alerts ask (Debian)
	@scripts/dashboards.sh

release: ## static binaries, their contents and checksums into dist/
	@scripts/release.sh

package: release ## and the Debian packages
	@scripts/package.sh

clean: ## remove what builds and tests left behind
	rm -rf bin dist tmp web/node_modules e2e/node_modules e2e/test-results e2e/playwright-report

# The browsers come from the distribution: npm must not fetch its own.
%/node_modules/.installed: %/package-lock.json
	cd $* && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
	@touch $@
