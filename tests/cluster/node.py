"""The node: containerd, kubelet and kube-proxy, all with their state in the cluster's folder."""

from __future__ import annotations

import json

from .layout import (
    BIN,
    CGROUP,
    CONTAINERD,
    INSIDE,
    KUBELET,
    LOGS,
    NODE,
    PKI,
    PODS,
    RUN,
)
from .processes import Program

PAUSE_IMAGE = "registry.k8s.io/pause:3.6"
_CONTAINERD = f"""\
version = 2
root = "{RUN}/containerd/root"
state = "{RUN}/containerd/state"
# Snapshotters for file systems that are not here, and a folder in /opt.
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "{CONTAINERD}"

[plugins."io.containerd.grpc.v1.cri"]
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  disable_hugetlb_controller = true
  # A machine may lack CAP_SYS_RESOURCE, which a lower score than one's own needs.
  restrict_oom_score_adj = true
  sandbox_image = "{PAUSE_IMAGE}"
  stream_server_address = "127.0.0.1"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{RUN}/cni"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "{RUN}/runc"
"""
_NETWORK = {
    "cniVersion": "0.4.0",
    "name": "pods",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "cni0",
            "isGateway": True,
            "ipMasq": False,
            "ipam": {
                "type": "host-local",
                "dataDir": f"{RUN}/cni-addresses",
                "ranges": [[{"subnet": PODS}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
}
_KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "authentication": {
        "anonymous": {"enabled": False},
        "webhook": {"enabled": True},
        "x509": {"clientCAFile": f"{PKI}/ca.crt"},
    },
    "authorization": {"mode": "Webhook"},
    "cgroupDriver": "cgroupfs",
    "cgroupRoot": CGROUP,
    "containerRuntimeEndpoint": f"unix://{CONTAINERD}",
    "enforceNodeAllocatable": [],
    # Nobody collects images: there is no registry to get them from again.
    "evictionHard": {"memory.available": "100Mi"},
    "imageGCHighThresholdPercent": 100,
    "failCgroupV1": False,
    "failSwapOn": False,
    "localStorageCapacityIsolation": False,
    "podLogsDir": f"{LOGS}/pods",
    "resolvConf": f"{RUN}/resolv.conf",
    "tlsCertFile": f"{PKI}/kubelet.crt",
    "tlsPrivateKeyFile": f"{PKI}/kubelet.key",
    "volumeStatsAggPeriod": "10s",
}


def configure() -> None:
    """Write the configuration files."""
    for folder in (RUN / "cni", KUBELET, LOGS / "pods"):
        folder.mkdir(parents=True)
    (RUN / "containerd.toml").write_text(_CONTAINERD)
    (RUN / "cni" / "10-pods.conflist").write_text(json.dumps(_NETWORK))
    (RUN / "kubelet.json").write_text(json.dumps(_KUBELET))
    (RUN / "resolv.conf").write_text("")  # there are no names outside


def programs() -> list[Program]:
    """Return them in the order of their start."""
    return [
        Program("containerd", ["containerd", f"--config={RUN}/containerd.toml"]),
        Program(
            "kubelet",
            [
                f"{BIN}/kubelet",
                f"--config={RUN}/kubelet.json",
                f"--kubeconfig={PKI}/kubelet.kubeconfig",
                f"--root-dir={KUBELET}",
                f"--hostname-override={NODE}",
                f"--node-ip={INSIDE}",
            ],
        ),
        Program(
            "kube-proxy",
            [
                f"{BIN}/kube-proxy",
                f"--kubeconfig={PKI}/proxy.kubeconfig",
                f"--hostname-override={NODE}",
                "--proxy-mode=nftables",
                "--cluster-cidr=10.1.0.0/16",
                # These would change settings of the whole machine.
                "--conntrack-max-per-core=0",
                "--conntrack-tcp-timeout-established=0",
                "--conntrack-tcp-timeout-close-wait=0",
            ],
        ),
    ]
