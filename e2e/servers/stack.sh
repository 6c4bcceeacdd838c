# Functions that build, start and stop the servers of the end-to-end tests. Sourced by ../run, which
# sets: servers (this folder), cache (built binaries), D (this run's own folder), base (first port).
# shellcheck shell=bash disable=SC2154

k8s_version=1.37.2

# The ports are consecutive from $base; a free range is looked for at each start.
ports=(s3 prometheus pushgateway alertmanager hook db etcd etcd_peer kubernetes controllers scheduler kubelet
  kfp kfp_grpc kfp_multi kfp_multi_grpc gcs azurite smtp)
port() {
  local i
  for i in "${!ports[@]}"; do [[ ${ports[i]} == "$1" ]] && echo $((base + i)) && return; done
  die "no port named $1"
}
pick_ports() { # below the range from which the kernel takes ports for outgoing connections
  local i try
  for ((try = 0; try < 100; try++)); do
    base=$((15000 + RANDOM % 500 * 32))
    for i in "${!ports[@]}"; do (: <"/dev/tcp/127.0.0.1/$((base + i))") 2>/dev/null && continue 2; done
    return 0
  done
  die "no free range of ports"
}

start() { # start NAME COMMAND...: in the background, its output in NAME.log and its pid recorded
  local name=$1; shift
  "$@" >"$D/$name.log" 2>&1 & echo $! >"$D/$name.pid"
  disown # else bash reports the ones that `down` has to kill
}
wait_for() { # wait_for NAME SECONDS COMMAND...: until the command succeeds, or the server is dead
  local name=$1 n=$(($2 * 10)) i; shift 2
  for ((i = 0; i < n; i++)); do
    "$@" >/dev/null 2>&1 && return
    kill -0 "$(cat "$D/$name.pid")" 2>/dev/null || { tail -5 "$D/$name.log" >&2; die "$name died; see $D/$name.log"; }
    sleep 0.1
  done
  tail -5 "$D/$name.log" >&2
  die "$name is not ready; see $D/$name.log"
}

install_packages() { # Debian packages, only those whose command is missing
  local missing=() pair
  for pair in prometheus:prometheus prometheus-pushgateway:prometheus-pushgateway prometheus-alertmanager:prometheus-alertmanager \
    etcd:etcd-server mariadbd:mariadb-server containerd:containerd runc:runc buildah:buildah openssl:openssl curl:curl unshare:util-linux ip:iproute2 \
    node:nodejs npm:npm; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || missing+=(python3-aiosmtpd)
  python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv) # for the example pipeline
  [[ -x /usr/lib/cni/bridge ]] || missing+=(containernetworking-plugins)
  command -v gcc >/dev/null || missing+=(gcc libc6-dev) # for the SQLite driver in KFP's API server
  ((${#missing[@]})) || return 0
  say "installing ${missing[*]}"
  apt-get update -q >"$D/install.log" 2>&1 || die "apt-get update failed; see $D/install.log"
  # Only the programs are wanted: the packages' own services are not to start.
  printf '#!/bin/sh\nexit 101\n' >"$D/policy-rc.d" && chmod +x "$D/policy-rc.d"
  [[ -e /usr/sbin/policy-rc.d ]] || { cp "$D/policy-rc.d" /usr/sbin/policy-rc.d; local ours=1; }
  local rc=0
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >>"$D/install.log" 2>&1 || rc=$?
  [[ ${ours:-} ]] && rm -f /usr/sbin/policy-rc.d
  ((rc == 0)) || { tail -5 "$D/install.log" >&2; die "apt-get install failed; see $D/install.log"; }
}

# cache_key names the folder of the built servers by all that they are made of: the version of
# Go, the modules, the lock file, and the functions below. A new version of any is built
# into a folder of its own and never meets an old binary.
cache_key() { (cd "$servers" && { go env GOVERSION GOOS GOARCH; cat ./*/go.mod ./*/go.sum ./k8s/*/*.go ./azurite/package-lock.json; declare -f build_server build_servers build_one pause_image; echo "$k8s_version"; } | sha256sum | cut -c1-16); }

build_server() { # build_server NAME OUTPUT
  # Without inlining a quarter of the compiler's time is saved (131 instead of 179 CPU seconds
  # for client-go and what it needs), and these servers have little to do.
  local out=$2 flags=(-trimpath '-gcflags=all=-l') ld='-s -w' k8s="-X k8s.io/component-base/version.gitVersion=v$k8s_version"
  k8s+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$k8s_version")"
  export CGO_ENABLED=0
  case $1 in
    versitygw) cd "$servers/s3" && go build "${flags[@]}" -ldflags "$ld" -o "$out" github.com/versity/versitygw/cmd/versitygw ;;
    fake-gcs-server) cd "$servers/gcs" && go build "${flags[@]}" -ldflags "$ld" -o "$out" github.com/fsouza/fake-gcs-server ;;
    # The versions are those of the lock file, from whichever registry npm is set up for.
    azurite) mkdir -p "$out" && cp "$servers"/azurite/package*.json "$out" && npm ci --prefix "$out" --ignore-scripts --no-audit --no-fund >"$D/azurite-install.log" 2>&1 ||
      { tail -5 "$D/azurite-install.log" >&2; die "npm ci failed; see $D/azurite-install.log"; } ;;
    hyperkube) cd "$servers/k8s" && go build "${flags[@]}" -ldflags "$ld $k8s" -o "$out" ./hyperkube ;;
    pause) cd "$servers/k8s" && go build "${flags[@]}" -ldflags "$ld" -o "$out" ./pause ;;
    # Its SQLite driver needs cgo.
    kfp-apiserver) cd "$servers/kfp" && CGO_ENABLED=1 go build "${flags[@]}" -ldflags "$ld" -o "$out" github.com/kubeflow/pipelines/backend/src/apiserver ;;
    kfp-agent) cd "$servers/kfp" && go build "${flags[@]}" -ldflags "$ld" -o "$out" github.com/kubeflow/pipelines/backend/src/agent/persistence ;;
    kfp-schedules) cd "$servers/kfp" && go build "${flags[@]}" -ldflags "$ld" -o "$out" github.com/kubeflow/pipelines/backend/src/crd/controller/scheduledworkflow ;;
  esac
}

build_servers() { # into the cache, each by an atomic rename, so that a broken build leaves nothing behind
  local name module
  mkdir -p "$cache"
  for name in versitygw fake-gcs-server azurite hyperkube pause kfp-apiserver kfp-agent kfp-schedules; do
    [[ -x $cache/$name ]] && continue
    timed "build $name" build_one "$name"
  done
  if [[ ! -f $cache/complete ]]; then
    module=$(cd "$servers/kfp" && go list -m -f '{{.Dir}}' github.com/kubeflow/pipelines)
    install -m 644 "$module/backend/src/apiserver/config/config.json" "$cache/kfp-config.json"
    install -m 644 "$module/manifests/kustomize/base/pipeline/cluster-scoped/scheduled-workflow-crd.yaml" "$cache/crd-scheduledworkflows.yaml"
    install -m 644 "$module/manifests/kustomize/third-party/argo/upstream/manifests/base/crds/minimal/argoproj.io_workflows.yaml" "$cache/crd-workflows.yaml"
    for name in kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl; do ln -sf hyperkube "$cache/$name"; done
    pause_image "$cache/pause.tar"
    : >"$cache/complete"
  fi
}
build_one() { (build_server "$1" "$cache/$1.new.$$") && mv "$cache/$1.new.$$" "$cache/$1"; }

pause_image() { # pause_image FILE: the image of every pod's sandbox, which only waits
  local work
  work=$(mktemp -d) && install -m 755 "$cache/pause" "$work/pause"
  printf 'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n' >"$work/Containerfile"
  local buildah=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs)
  "${buildah[@]}" bud --isolation chroot -t localhost/pause:1 "$work" >"$work/log" 2>&1 &&
    "${buildah[@]}" push localhost/pause:1 "docker-archive:$1:localhost/pause:1" >>"$work/log" 2>&1 || { tail -5 "$work/log" >&2; die "the image of pods' sandboxes cannot be built"; }
  rm -rf "$work"
}

# up_s3 starts versitygw with its POSIX back end. Without --disableotmp it links
# what overwrites an object under a name beside it first, which listings show.
up_s3() {
  mkdir -p "$D/s3"
  ROOT_ACCESS_KEY=$s3_key ROOT_SECRET_KEY=$s3_secret start s3 \
    "$cache/versitygw" --port "127.0.0.1:$(port s3)" --region us-east-1 --health /healthz posix --disableotmp "$D/s3"
  wait_for s3 10 curl -sf "127.0.0.1:$(port s3)/healthz"
  curl -sf --aws-sigv4 aws:amz:us-east-1:s3 --user "$s3_key:$s3_secret" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X PUT "http://127.0.0.1:$(port s3)/hindcast" ||
    die "the bucket cannot be made; see $D/s3.log"
}

up_gcs() { # fake-gcs-server in memory; it asks nobody for credentials
  start gcs "$cache/fake-gcs-server" -backend memory -scheme http -host 127.0.0.1 -port "$(port gcs)" \
    -public-host "127.0.0.1:$(port gcs)" -external-url "http://127.0.0.1:$(port gcs)" -log-level warn
  wait_for gcs 10 curl -sf "127.0.0.1:$(port gcs)/_internal/healthcheck"
}

up_azurite() { # Azurite's blob service in memory; it checks shared keys and SAS
  azure_key=$(openssl rand -base64 32)
  # The newest client's version of the API is newer than any that Azurite knows.
  AZURITE_ACCOUNTS=e2e:$azure_key start azurite node "$cache/azurite/node_modules/azurite/dist/src/blob/main.js" --blobHost 127.0.0.1 \
    --blobPort "$(port azurite)" --inMemoryPersistence --skipApiVersionCheck --disableProductStyleUrl --disableTelemetry --silent
  wait_for azurite 30 curl -s "127.0.0.1:$(port azurite)/e2e"
}

up_prometheus() { # Prometheus, scraping a Pushgateway and what targets/*.json names each second; Alertmanager posts to the port named hook
  mkdir -p "$D/prometheus" "$D/rules" "$D/targets" "$D/alertmanager"
  cat >"$D/prometheus.yml" <<Y
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$D/rules/*.yml"]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:$(port alertmanager)"]}]}]}
scrape_configs:
- {job_name: pushgateway, honor_labels: true, static_configs: [{targets: ["127.0.0.1:$(port pushgateway)"]}]}
- {job_name: targets, file_sd_configs: [{files: ["$D/targets/*.json"], refresh_interval: 1s}]}
Y
  cat >"$D/alertmanager.yml" <<Y
route: {receiver: hook, group_by: [alertname, namespace, model], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
- name: hook
  webhook_configs: [{url: "http://127.0.0.1:$(port hook)/", send_resolved: true}]
Y
  start alertmanager prometheus-alertmanager --config.file="$D/alertmanager.yml" --storage.path="$D/alertmanager" \
    --web.listen-address="127.0.0.1:$(port alertmanager)" --cluster.listen-address= --log.level=warn
  start pushgateway prometheus-pushgateway --web.listen-address="127.0.0.1:$(port pushgateway)" --persistence.file=
  # Right after a reload Prometheus knows no Alertmanager yet: an alert that is lost then comes again this soon.
  start prometheus prometheus --rules.alert.resend-delay=5s --config.file="$D/prometheus.yml" --storage.tsdb.path="$D/prometheus" \
    --web.listen-address="127.0.0.1:$(port prometheus)" --web.enable-lifecycle --log.level=warn
  wait_for alertmanager 10 curl -sf "127.0.0.1:$(port alertmanager)/-/ready"
  wait_for pushgateway 10 curl -sf "127.0.0.1:$(port pushgateway)/-/ready"
  wait_for prometheus 20 curl -sf "127.0.0.1:$(port prometheus)/-/ready"
}

up_smtp() { # a mail server that wants STARTTLS and a password
  local s=$D/smtp
  mkdir -p "$s"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$s/tls.key" -out "$s/tls.crt" -days 2 -subj /CN=localhost \
    -addext "subjectAltName=IP:127.0.0.1,DNS:localhost" 2>/dev/null
  openssl rand -hex 16 >"$s/password"
  start smtp /usr/bin/python3 "$servers/smtp/server.py" "$(port smtp)" "$s/tls.crt" "$s/tls.key" hindcast "$s/password" "$s/mail"
  wait_for smtp 10 smtp_greets
}
smtp_greets() { (read -r -t 2 line && [[ $line == 220* ]]) <"/dev/tcp/127.0.0.1/$(port smtp)"; }

up_db() { # MariaDB with a data folder of its own
  mkdir -p "$D/db/tmp"; chown mysql "$D/db" "$D/db/tmp"
  mariadb-install-db --no-defaults --user=mysql --datadir="$D/db/data" --tmpdir="$D/db/tmp" --auth-root-authentication-method=normal --skip-test-db >"$D/db-install.log" 2>&1 ||
    { tail -5 "$D/db-install.log" >&2; die "MariaDB's data folder cannot be made; see $D/db-install.log"; }
  start db mariadbd --no-defaults --user=mysql --datadir="$D/db/data" --tmpdir="$D/db/tmp" --socket="$D/db/s.sock" --pid-file="$D/db/m.pid" \
    --bind-address=127.0.0.1 --port="$(port db)" --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=64M --skip-log-bin --performance-schema=off
  wait_for db 20 mariadb --no-defaults -uroot -h127.0.0.1 -P"$(port db)" -e 'select 1'
}

kube() { # kube PATH [CURL OPTION...]: a request to the Kubernetes API server as its administrator
  local path=$1; shift
  curl -sf --cacert "$D/k8s/ca.crt" -H "Authorization: Bearer $kube_token" "$@" "https://127.0.0.1:$(port kubernetes)$path"
}
kube_post() { kube "$1" -o /dev/null -H 'Content-Type: application/yaml' --data-binary "$2" || die "Kubernetes refused a POST to $1"; }

up_kubernetes() { # etcd, kube-apiserver and kube-controller-manager, with the namespaces and Argo's and KFP's resource definitions
  local k=$D/k8s etcd peer ns
  etcd=http://127.0.0.1:$(port etcd) peer=http://127.0.0.1:$(port etcd_peer)
  mkdir -p "$k"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$k/ca.key" -out "$k/ca.crt" -days 2 -subj /CN=e2e-ca 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$k/server.key" -out "$k/server.csr" -subj /CN=kube-apiserver 2>/dev/null
  openssl x509 -req -in "$k/server.csr" -CA "$k/ca.crt" -CAkey "$k/ca.key" -CAcreateserial -days 2 -out "$k/server.crt" \
    -extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost") 2>/dev/null
  # For what the API server asks the kubelet: logs.
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$k/kubelet-client.key" -out "$k/kubelet-client.csr" -subj /O=system:masters/CN=kube-apiserver 2>/dev/null
  openssl x509 -req -in "$k/kubelet-client.csr" -CA "$k/ca.crt" -CAkey "$k/ca.key" -CAcreateserial -days 2 -out "$k/kubelet-client.crt" 2>/dev/null
  openssl genrsa -out "$k/sa.key" 2048 2>/dev/null; openssl rsa -in "$k/sa.key" -pubout -out "$k/sa.pub" 2>/dev/null
  echo "$kube_token,admin,admin,system:masters" >"$k/tokens.csv"
  cat >"$k/kubeconfig" <<Y
apiVersion: v1
kind: Config
clusters: [{name: e2e, cluster: {server: "https://127.0.0.1:$(port kubernetes)", certificate-authority: $k/ca.crt}}]
users: [{name: admin, user: {token: $kube_token}}]
contexts: [{name: e2e, context: {cluster: e2e, user: admin}}]
current-context: e2e
Y
  start etcd etcd --data-dir "$k/etcd" --listen-client-urls "$etcd" --advertise-client-urls "$etcd" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer" --unsafe-no-fsync
  start kubernetes "$cache/kube-apiserver" --etcd-servers="$etcd" --bind-address=127.0.0.1 --secure-port="$(port kubernetes)" \
    --tls-cert-file="$k/server.crt" --tls-private-key-file="$k/server.key" --cert-dir="$k" --client-ca-file="$k/ca.crt" \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$k/sa.pub" --service-account-signing-key-file="$k/sa.key" \
    --service-cluster-ip-range=10.0.0.0/24 --token-auth-file="$k/tokens.csv" --authorization-mode=Node,RBAC --endpoint-reconciler-type=none \
    --kubelet-client-certificate="$k/kubelet-client.crt" --kubelet-client-key="$k/kubelet-client.key" \
    --kubelet-preferred-address-types=InternalIP --profiling=false
  wait_for kubernetes 60 kube /readyz
  start controllers "$cache/kube-controller-manager" --kubeconfig="$k/kubeconfig" --authentication-kubeconfig="$k/kubeconfig" \
    --authorization-kubeconfig="$k/kubeconfig" --bind-address=127.0.0.1 --secure-port="$(port controllers)" --cert-dir="$k" --leader-elect=false \
    --service-account-private-key-file="$k/sa.key" --root-ca-file="$k/ca.crt" --profiling=false
  for ns in kubeflow team-a; do
    kube_post /api/v1/namespaces "{apiVersion: v1, kind: Namespace, metadata: {name: $ns}}"
    kube_post /api/v1/namespaces/$ns/serviceaccounts '{apiVersion: v1, kind: ServiceAccount, metadata: {name: pipeline-runner}}'
  done
  kube_post /apis/apiextensions.k8s.io/v1/customresourcedefinitions "@$cache/crd-scheduledworkflows.yaml"
  kube_post /apis/apiextensions.k8s.io/v1/customresourcedefinitions "@$cache/crd-workflows.yaml"
  wait_for kubernetes 20 kube /apis/kubeflow.org/v1beta1/namespaces/kubeflow/scheduledworkflows
  wait_for kubernetes 20 kube /apis/argoproj.io/v1alpha1/namespaces/kubeflow/workflows
}

in_pod() { # in_pod COMMAND...: in a mount namespace of its own that holds a pod's service-account files
  exec env KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT="$(port kubernetes)" POD_NAMESPACE=kubeflow \
    POD_TOKEN="$kube_token" POD_CA="$D/k8s/ca.crt" unshare -m bash -c '
    mount --make-rprivate / && mount -t tmpfs tmpfs /run
    mkdir -p /run/secrets/kubernetes.io/serviceaccount /run/secrets/kubeflow/tokens
    printf %s "$POD_TOKEN" >/run/secrets/kubernetes.io/serviceaccount/token
    printf %s "$POD_TOKEN" >/run/secrets/kubeflow/tokens/persistenceagent-sa-token
    printf %s "$POD_NAMESPACE" >/run/secrets/kubernetes.io/serviceaccount/namespace
    cp "$POD_CA" /run/secrets/kubernetes.io/serviceaccount/ca.crt
    exec "$@"' _ "$@"
}

kfp_server() { # kfp_server NAME HTTP-PORT GRPC-PORT [ENV...]: a KFP API server with a database and a bucket of its own
  local name=$1 http=$2 grpc=$3; shift 3
  mkdir -p "$D/$name"; install -m 644 "$cache/kfp-config.json" "$D/$name/config.json"; echo '[]' >"$D/$name/samples.json"
  start "$name" in_pod env ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_HOST=127.0.0.1 ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_PORT=1 \
    DBCONFIG_MYSQLCONFIG_HOST=127.0.0.1 DBCONFIG_MYSQLCONFIG_PORT="$(port db)" DBCONFIG_MYSQLCONFIG_USER=root \
    DBCONFIG_MYSQLCONFIG_PASSWORD= DBCONFIG_MYSQLCONFIG_DBNAME="$name" DBCONFIG_PASSWORD= \
    OBJECTSTORECONFIG_HOST=127.0.0.1 OBJECTSTORECONFIG_PORT="$(port s3)" OBJECTSTORECONFIG_SECURE=false OBJECTSTORECONFIG_REGION=us-east-1 \
    OBJECTSTORECONFIG_ACCESSKEY="$s3_key" OBJECTSTORECONFIG_SECRETACCESSKEY="$s3_secret" OBJECTSTORECONFIG_BUCKETNAME="${name//_/-}" \
    INITCONNECTIONTIMEOUT=20s "$@" "$cache/kfp-apiserver" --config="$D/$name" --sampleconfig="$D/$name/samples.json" \
    --httpPortFlag="127.0.0.1:$http" --rpcPortFlag=":$grpc" -logtostderr=true
}
up_kfp() { # KFP for one user with the agent that reports workflows, and KFP for many users (TokenReview and RBAC)
  kfp_server kfp "$(port kfp)" "$(port kfp_grpc)"
  kfp_server kfp_multi "$(port kfp_multi)" "$(port kfp_multi_grpc)" MULTIUSER=true KUBEFLOW_USERID_HEADER=kubeflow-userid KUBEFLOW_USERID_PREFIX=
  # healthz answers before gRPC listens; for many users anything but a 503 says that it does.
  wait_for kfp 40 curl -sf "127.0.0.1:$(port kfp)/apis/v2beta1/experiments?page_size=1"
  wait_for kfp_multi 40 grpc_listens "http://127.0.0.1:$(port kfp_multi)/apis/v2beta1/experiments?page_size=1"
  start agent in_pod "$cache/kfp-agent" -namespace kubeflow -mlPipelineAPIServerName 127.0.0.1 \
    -mlPipelineServiceHttpPort "$(port kfp)" -mlPipelineServiceGRPCPort "$(port kfp_grpc)" -clientQPS 50 -clientBurst 100
  start schedules in_pod env CRON_SCHEDULE_TIMEZONE=UTC "$cache/kfp-schedules" -namespace kubeflow -clientQPS 50 -clientBurst 100
}
grpc_listens() { [[ $(curl -s -o /dev/null -w '%{http_code}' "$1") == 4?? ]]; }

up_containerd() { # runs the image, by itself and in pods, from images that tests import: there is no registry
  local c=$D/containerd
  mkdir -p "$c/cni"
  # A bridge of this stack's own, without a way out: pods reach what listens on its gateway's address.
  # It is there before the first pod, for the kubelet listens there too.
  ip link add "$(pod_bridge)" type bridge
  ip address add "$(pod_network).1/24" dev "$(pod_bridge)"
  ip link set "$(pod_bridge)" up
  cat >"$c/cni/10-e2e.conflist" <<J
{"cniVersion": "0.4.0", "name": "e2e", "plugins": [
  {"type": "bridge", "bridge": "$(pod_bridge)", "isGateway": true, "ipMasq": false,
   "ipam": {"type": "host-local", "dataDir": "$c/cni/state", "ranges": [[{"subnet": "$(pod_network).0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "loopback"}]}
J
  cat >"$c/config.toml" <<T
version = 2
root = "$c/root"
state = "$c/state"
disabled_plugins = ["io.containerd.internal.v1.tracing", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "$c/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_tcp_service = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$c/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
T
  start containerd containerd -c "$c/config.toml"
  wait_for containerd 10 ctr -a "$c/c.sock" version
  ctr -a "$c/c.sock" -n k8s.io image import "$cache/pause.tar" >/dev/null
}
pod_bridge() { echo "hc$base"; }
pod_network() { echo "10.88.$((base / 32 % 250))"; }

up_node() { # kubelet and kube-scheduler: the node localhost
  local k=$D/kubelet
  mkdir -p "$k/root" "$k/pki"
  cat >"$k/config.yaml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: $D/k8s/ca.crt}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
failSwapOn: false
failCgroupV1: false
containerRuntimeEndpoint: unix://$D/containerd/c.sock
address: $(pod_network).1
port: $(port kubelet)
healthzPort: 0
readOnlyPort: 0
enforceNodeAllocatable: []
cgroupsPerQOS: false
makeIPTablesUtilChains: false
localStorageCapacityIsolation: false
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "1Mi", nodefs.available: "0%", imagefs.available: "0%", nodefs.inodesFree: "0%"}
resolvConf: ""
podLogsDir: $k/podlogs
Y
  start kubelet "$cache/kubelet" --config "$k/config.yaml" --kubeconfig "$D/k8s/kubeconfig" --root-dir "$k/root" --cert-dir "$k/pki" \
    --hostname-override localhost --node-ip "$(pod_network).1"
  start scheduler "$cache/kube-scheduler" --kubeconfig "$D/k8s/kubeconfig" --authentication-kubeconfig "$D/k8s/kubeconfig" \
    --authorization-kubeconfig "$D/k8s/kubeconfig" --bind-address 127.0.0.1 --secure-port "$(port scheduler)" --cert-dir "$k/pki" --leader-elect=false
  wait_for kubelet 60 "$cache/kubectl" --kubeconfig "$D/k8s/kubeconfig" wait --for=condition=Ready node/localhost --timeout=1s
}

down() { # users first, stores last
  local name pid i
  for name in kubelet scheduler tasks containerd schedules agent kfp kfp_multi controllers kubernetes etcd smtp alertmanager prometheus pushgateway db azurite gcs s3; do
    [[ $name == tasks ]] && { end_tasks; continue; }
    [[ -f $D/$name.pid ]] || continue
    pid=$(cat "$D/$name.pid"); rm -f "$D/$name.pid"
    kill "$pid" 2>/dev/null || continue
    for ((i = 0; i < 30; i++)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  done
  # Volumes of pods, and the bridge that they were on.
  while read -r _ pid _; do umount -l "$pid" 2>/dev/null || true; done < <(grep -F " $D/" /proc/mounts | tac)
  [[ ${base:-} ]] || base=$(cat "$D/base" 2>/dev/null || true)
  if [[ $base ]]; then ip link delete "$(pod_bridge)" 2>/dev/null || true; fi
}
end_tasks() { # containers that tests and pods left behind, with the processes that look after them
  [[ -S $D/containerd/c.sock ]] || return 0
  local namespace task network networks=()
  for namespace in default k8s.io; do
    for task in $(ctr -a "$D/containerd/c.sock" -n "$namespace" container ls -q 2>/dev/null); do
      # The kubelet is gone and gives no network back.
      network=$(ctr -a "$D/containerd/c.sock" -n "$namespace" container info "$task" 2>/dev/null | grep -o 'netns/cni-[0-9a-f-]*' | head -n 1) || true
      [[ ! $network ]] || networks+=("${network#netns/}")
      ctr -a "$D/containerd/c.sock" -n "$namespace" task rm -f "$task" >/dev/null 2>&1 || true
    done
  done
  for network in "${networks[@]}"; do ip netns delete "$network" 2>/dev/null || true; done
}

print_env() { # what the tests need, as shell exports
  cat <<EXPORTS
export HINDCAST_E2E_DIR=$D
export HINDCAST_E2E_S3=http://127.0.0.1:$(port s3) HINDCAST_E2E_BUCKET=hindcast
export AWS_ACCESS_KEY_ID=$s3_key AWS_SECRET_ACCESS_KEY=$s3_secret AWS_REGION=us-east-1
export HINDCAST_E2E_GCS=http://127.0.0.1:$(port gcs)
export HINDCAST_E2E_AZURE=127.0.0.1:$(port azurite) HINDCAST_E2E_AZURE_ACCOUNT=e2e HINDCAST_E2E_AZURE_KEY='$azure_key'
export HINDCAST_E2E_PROMETHEUS=http://127.0.0.1:$(port prometheus) HINDCAST_E2E_PUSHGATEWAY=http://127.0.0.1:$(port pushgateway)
export HINDCAST_E2E_ALERTMANAGER=http://127.0.0.1:$(port alertmanager) HINDCAST_E2E_HOOK=127.0.0.1:$(port hook)
export HINDCAST_E2E_SMTP=127.0.0.1:$(port smtp) HINDCAST_E2E_SMTP_DIR=$D/smtp
export HINDCAST_E2E_RULES=$D/rules HINDCAST_E2E_TARGETS=$D/targets
export HINDCAST_E2E_KUBECONFIG=$D/k8s/kubeconfig HINDCAST_E2E_KUBECTL=$cache/kubectl HINDCAST_E2E_POD_GATEWAY=$(pod_network).1
export HINDCAST_E2E_KUBERNETES=https://127.0.0.1:$(port kubernetes) HINDCAST_E2E_KUBERNETES_CA=$D/k8s/ca.crt HINDCAST_E2E_KUBERNETES_TOKEN=$kube_token
export HINDCAST_E2E_KFP=http://127.0.0.1:$(port kfp) HINDCAST_E2E_KFP_MULTI=http://127.0.0.1:$(port kfp_multi)
export HINDCAST_E2E_CONTAINERD=$D/containerd/c.sock
EXPORTS
}
