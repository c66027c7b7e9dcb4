#!/usr/bin/env bash
# Brings up what the tests need beyond Node: a Docker engine, a static busybox for the workload image, and a
# Chromium for the report page. On Debian or Ubuntu as root it installs and starts them, saying so; elsewhere it
# says what is missing and fails.
set -euo pipefail

say() { printf '[setup] %s\n' "$*"; }
die() { printf '[setup] %s\n' "$*" >&2; exit 69; }

missing=()
command -v dockerd >/dev/null || docker info >/dev/null 2>&1 || missing+=(docker.io iptables)
{ [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; } || missing+=(busybox-static)
[ -x /usr/bin/chromium ] || missing+=(chromium)

if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing with apt-get: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    die "please install these and run again: ${missing[*]} (Debian package names; Docker Engine, a static busybox, Chromium)"
  fi
fi

if ! docker info >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || die "the Docker engine does not answer; start it and run again"
  log=$(mktemp /tmp/dockerd.XXXXXX.log)
  say "starting dockerd, log in $log"
  nohup dockerd >"$log" 2>&1 &
  for _ in $(seq 1 120); do
    docker info >/dev/null 2>&1 && break
    sleep 0.5
  done
  docker info >/dev/null 2>&1 || { tail -20 "$log" >&2; die "dockerd did not come up within a minute"; }
fi
say "Docker $(docker version --format '{{.Server.Version}}'), $(/bin/busybox | head -1 | cut -d' ' -f1-2)"
