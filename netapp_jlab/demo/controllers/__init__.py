"""The controllers of the embedded cluster: threads that make things as their specifications ask.

They do what kube-controller-manager, the CSI sidecars, the snapshot-controller, the scheduler and
the kubelet do on a real cluster, with their events, finalizers and messages, on the store's watch.

==================  ==============================================================================
module              what it stands for
==================  ==============================================================================
``binder``          claims find their volumes (persistent volume controller)
``volumes``         volumes are released, kept or deleted
``provisioner``     new volumes (external-provisioner, with ``sources`` for clones)
``resizer``         growing volumes (external-resizer)
``snapshots``       VolumeSnapshots (snapshot-controller)
``contents``        VolumeSnapshotContents (csi-snapshotter)
``protection``      claims in use stay
``pods``            a scheduler and a kubelet that run nothing
``namespaces``      their default account, and their end
``quotas``          what is used, and what is too much
``garbage``         dependents without owners, old events
==================  ==============================================================================
"""

from netapp_jlab.demo.controllers.manager import Controllers

__all__ = ["Controllers"]
