"""A CSI driver on the demo's storage array, for the test cluster.

Volumes are directories and snapshots are copies (by reflink where the file system can), as in
:mod:`netapp_jlab.demo.storage`, which knows no Kubernetes. They can be used in Kubernetes' four
access modes, but not as block devices. What a real driver's clients rely on is
here: the CSI specification 1.12 (https://github.com/container-storage-interface/spec).
"""
