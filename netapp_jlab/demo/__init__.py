"""The embedded cluster: a small Kubernetes API server, its controllers and its storage.

It lets ``netapp-jlab demo``, Binder and the tests do the product's whole main job on a machine
without Kubernetes. Nothing but the command line imports it.
"""
