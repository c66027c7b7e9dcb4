#!/usr/bin/env bash
# Brings up what the tests need beyond Node: a Docker engine, a containerd with its CRI beside it, a static busybox
# for the workload image, a Chromium for the report page, a kubectl, and what the agent in examples/agent-python needs. On Debian or Ubuntu as root it installs and starts them,
# saying so; elsewhere it says what is missing and fails. Where CONFORMANCE_CRI names the endpoint of a CRI runtime,
# the tests use that one, and none is started.
set -euo pipefail

say() { printf '[setup] %s\n' "$*"; }
die() { printf '[setup] %s\n' "$*" >&2; exit 69; }

missing=()
command -v dockerd >/dev/null || docker info >/dev/null 2>&1 || missing+=(docker.io iptables)
{ [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; } || missing+=(busybox-static)
[ -x /usr/bin/chromium ] || missing+=(chromium)
if [ -z "${CONFORMANCE_CRI:-}" ]; then
  { command -v containerd && command -v ctr; } >/dev/null || missing+=(containerd)
  [ -x /usr/lib/cni/bridge ] || [ -x /opt/cni/bin/bridge ] || missing+=(containernetworking-plugins)
fi
/usr/bin/python3 -c 'import grpc.aio, google.protobuf' 2>/dev/null || missing+=(python3-grpcio python3-protobuf)
command -v protoc >/dev/null || missing+=(protobuf-compiler)
command -v kubectl >/dev/null || missing+=(kubernetes-client)

if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing with apt-get: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    die "please install these and run again: ${missing[*]} (Debian package names; Docker Engine, containerd, CNI plugins, a static busybox, Chromium, Python's grpc and protobuf, protoc, kubectl)"
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

# A containerd of its own beside Docker's, which has the CRI disabled: nothing of the machine's is touched, and its
# pods have a bridge of theirs. No registry is needed, so the image of its sandboxes is made here.
state=/run/node-agent-conformance/containerd
socket=$state/containerd.sock
sandbox_image=docker.io/node-agent-conformance/sandbox:1

write_configuration() {
  local plugins=/usr/lib/cni
  [ -x "$plugins/bridge" ] || plugins=/opt/cni/bin
  mkdir -p "$state/cni"
  # Negative values of oom_score_adj need a privilege that root in a container may lack.
  cat >"$state/config.toml" <<EOF
version = 2
root = "/var/lib/node-agent-conformance/containerd"
state = "$state/state"
[grpc]
  address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$sandbox_image"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$plugins"
    conf_dir = "$state/cni"
EOF
  cat >"$state/cni/10-conformance.conflist" <<EOF
{
  "cniVersion": "0.4.0",
  "name": "conformance",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "conformance0",
      "isGateway": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "$state/addresses",
        "ranges": [[{ "subnet": "10.244.77.0/24" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "loopback" }
  ]
}
EOF
}

make_sandbox_image() {
  local context
  context=$(mktemp -d)
  cp /bin/busybox "$context/busybox"
  printf '%s\n' 'FROM scratch' 'COPY busybox /busybox' 'ENTRYPOINT ["/busybox", "sleep", "2147483647"]' >"$context/Dockerfile"
  docker build --quiet --tag "$sandbox_image" "$context" >/dev/null 2>&1 || die "Docker could not build $sandbox_image"
  docker save "$sandbox_image" | ctr --address "$socket" --namespace k8s.io images import - >/dev/null
  rm -r "$context"
}

answers() { [ -S "$socket" ] && ctr --address "$socket" version >/dev/null 2>&1; }

if [ -n "${CONFORMANCE_CRI:-}" ]; then
  say "the tests of CRI runtimes use $CONFORMANCE_CRI"
  exit 0
fi
if ! answers; then
  [ "$(id -u)" = 0 ] || die "no CRI runtime answers at $socket; run this as root, or set CONFORMANCE_CRI to the endpoint of one"
  write_configuration
  log=$(mktemp /tmp/containerd.XXXXXX.log)
  say "starting containerd with its CRI, log in $log"
  nohup containerd --config "$state/config.toml" >"$log" 2>&1 &
  for _ in $(seq 1 120); do
    answers && break
    sleep 0.5
  done
  answers || { tail -20 "$log" >&2; die "containerd did not come up within a minute"; }
fi
ctr --address "$socket" --namespace k8s.io images list --quiet | grep -x "$sandbox_image" >/dev/null || make_sandbox_image
say "$(containerd --version | awk '{ print $1, $3 }') at unix://$socket"
