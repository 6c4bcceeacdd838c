# Everything runs with Go, git and make alone, but for what its line says otherwise.

SHELL    := /bin/sh
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 5s
IMAGE    ?= hindcast:$(VERSION)
# The first of these that works builds the image: a docker without its daemon doesn't.
ENGINE   ?= $(shell for e in docker podman buildah; do $$e info >/dev/null 2>&1 && { echo $$e; break; }; done)
# Built on first use into Go's build cache, at the versions that tools/go.mod pins.
TOOL     := go tool -modfile=$(CURDIR)/tools/go.mod
# Modules of their own, so that their dependencies stay out of the program's.
MODULES  := deploy/grafana deploy/monitoring e2e/web tools

# What computes or writes figures, which are the same bytes on every processor.
FIGURES  := ./evaluator/... ./groundtruth/... ./series/... ./job/... ./promql/... ./publish/... ./report/... ./notify/... ./trigger/... ./config/... ./cmd/...
# Where goroutines run. A warm `make race` stays under three minutes: long tests, the
# evaluator's simulations among them, are left out (-short).
RACED    := ./cmd/hindcast/... ./evaluator/... ./groundtruth/... ./httpclient ./job ./notify ./objstore/... ./promql ./publish ./redact ./report ./trigger/...

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '  %-14s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: ## play a drifting model's days on files made for it, and write a report to open
	@echo "building bin/hindcast: a minute or two the first time, then seconds"
	@$(MAKE) -s build
	@bin/hindcast demo

.PHONY: build
build: ## build bin/hindcast
	CGO_ENABLED=0 go build -trimpath -tags disable_grpc_modules -ldflags "-s -w -X main.version=$(VERSION)" -o bin/hindcast ./cmd/hindcast

.PHONY: man
man: ## write the manual pages to bin/man
	go run ./cmd/hindcast man --dir bin/man

.PHONY: test
test: ## run the tests
	go test -shuffle=on ./...
	@set -e; for module in $(MODULES); do (set -x; cd $$module && go test -shuffle=on ./...); done

.PHONY: race
race: ## run the tests of what shares work out to goroutines with the race detector (needs a C compiler)
	@command -v "$$(go env CC | cut -d' ' -f1)" >/dev/null || { echo "race: the race detector needs a C compiler; none is installed as $$(go env CC)" >&2; exit 1; }
	CGO_ENABLED=1 go test -race -short -timeout 5m -shuffle=on $(RACED)

.PHONY: e2e
e2e: ## run the tests against real servers (needs root, a Debian system and network)
	e2e/run

.PHONY: e2e-web
e2e-web: ## open the reports in a real browser (needs Chromium and npm, which root installs on Debian, and network once)
	e2e/web/run $(E2E_WEB)

.PHONY: screenshots
screenshots: ## take the pictures of reports in docs/img anew, by that browser
	HINDCAST_SCREENSHOTS=$(CURDIR)/docs/img e2e/web/run -run TestScreenshots

.PHONY: python
python: ## run the lines of docs/python.md in a notebook (needs Python 3 with venv, and network)
	docs/python/run

.PHONY: bench
bench: ## measure the engine's targets beside DuckDB; BENCH="-n 1 -only speed" chooses (needs network once)
	go run ./bench $(BENCH)

.PHONY: bench-peers
bench-peers: ## measure it beside Polars, chDB, duckdb-go, NannyML and Evidently (needs network once, and a C compiler)
	go run ./bench -peers $(BENCH)

.PHONY: promises
promises: ## simulate what docs/statistics.md promises, and write its tables anew (up to an hour)
	go run ./promises -write docs/statistics.md

.PHONY: promises-smoke
promises-smoke: ## simulate a few cells of it, within a minute
	go run ./promises -smoke

.PHONY: lint
lint: ## check format, modules, vet and the linters, import directions among them (builds them once: minutes)
	@test -z "$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go'))" || { gofmt -d $$(git ls-files -co --exclude-standard '*.go'); exit 1; }
	go mod tidy -diff
	go vet ./...
	go vet -tags e2e ./e2e/...
	@set -e; for module in $(MODULES); do (set -x; cd $$module && go mod tidy -diff && go vet ./...); done
	cd tools && go build -o ../bin/samebits ./samebits
	go vet -vettool="$(CURDIR)/bin/samebits" $(FIGURES)
	$(TOOL) golangci-lint run
	@set -e; for module in $(MODULES); do (set -x; cd $$module && $(TOOL) golangci-lint run); done

.PHONY: portable
portable: ## show that amd64 v1 and v3 and arm64 give the same bytes (needs Linux on amd64, and root once)
	.ci/portable

.PHONY: vuln
vuln: ## look for known vulnerabilities in what the program uses (needs network)
	$(TOOL) govulncheck ./...

# Up to Go 1.26 the fuzzer takes the end of its own time for a failure now and then
# (https://go.dev/issue/75804): such a run is made once more. One that failed for an input
# says so.
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (5s)
	@set -e; log=$$(mktemp); grep -rE --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . | sort -u | \
	while IFS=: read -r file name; do name=$${name#func }; \
		echo "fuzz: $$name in $$(dirname "$$file")"; \
		try() { go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x >"$$log" 2>&1 || { cat "$$log"; return 1; }; cat "$$log"; }; \
		try || { grep -q '^ *context deadline exceeded$$' "$$log" && ! grep -q 'Failing input' "$$log" && try; } || exit 1; \
	done; rm -f "$$log"

.PHONY: image
image: ## build the container image (needs docker, podman or buildah)
	@test -n "$(ENGINE)" || { echo "image: neither docker nor podman nor buildah works here" >&2; exit 1; }
	$(ENGINE) build --build-arg VERSION=$(VERSION) -t $(IMAGE) .

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf bin hindcast-demo coverage.out
