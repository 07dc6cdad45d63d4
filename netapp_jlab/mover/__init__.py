"""The small program that runs in a helper pod, where a volume has no ``.snapshot`` directory.

The pod mounts clones of snapshots, and for a restore the live volume. ``serve`` is its main
process: it listens on a socket in a private directory, answers what is asked about those trees, and
restores. ``attach`` is started by ``kubectl exec`` or its like, and passes lines on to that socket.
So a restore goes on when the connection that began it is cut, and whoever comes back finds it.

Standard library and :mod:`netapp_jlab.files` only: the image may be any with Python.
"""
