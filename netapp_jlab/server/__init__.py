"""The Jupyter server extension: REST, events and settings over :mod:`netapp_jlab.services`.

This package is imported whenever a Jupyter server starts, also where nobody opens the panel.
Hence nothing here imports Kubernetes or the services before the first request that needs them.
"""
