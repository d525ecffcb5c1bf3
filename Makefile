# SPDX-License-Identifier: Apache-2.0
# The front door: each target is a script of scripts/, so that it can be read and run alone.
.DEFAULT_GOAL := build
.PHONY: build setup test crash soak differential demo bench compare asan fuzz tidy install clean help test-peers sim

build: setup   ## build/sluice (the default)
	@scripts/build

setup:         ## install what is missing (does nothing when all is there)
	@scripts/setup

test: ; @scripts/test                  ## build, then every test
crash: ; @scripts/crash                ## N (1000) kills and every other fault under load; PAIR, SEED, PAGE=1
soak: ; @scripts/soak                  ## MINUTES (60) of load with a fault now and then; PAIR, SEED, PAGE=1
sim: ; @scripts/sim                    ## the exactly-once path in a simulated world: N seeds from SEED on
test-peers: ; @scripts/test-peers      ## Spark, Trino, DuckDB and PyIceberg read our tables and we theirs; PAIR
differential: ; @scripts/differential  ## N seeds of random schemas, histories and options from SEED on; PAIR
demo: ; @scripts/demo                  ## the main job on live data, on a private MariaDB; SAMPLE: one of samples/
bench: ; @scripts/bench                ## the measurements of README, into bench/results/
compare: ; @scripts/compare            ## sluice beside Flink CDC, into bench/results/
asan: ; @scripts/test --sanitize       ## every test with AddressSanitizer and UBSan
fuzz: ; @scripts/fuzz                  ## every fuzz target for FUZZ_SECONDS (30) each
tidy: ; @tools/tidy.py                 ## layers, sizes and folder rules

PREFIX ?= /usr/local
install: build ## into PREFIX
	@cmake --install build --prefix $(PREFIX)

clean:         ## remove what was built; .deps stays
	rm -rf build build-asan build-fuzz

help:          ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
