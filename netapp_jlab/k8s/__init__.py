"""Talks to the Kubernetes API: configuration and transport are the official client's.

Nothing here knows what a volume is to a user; that is :mod:`netapp_jlab.services`.
"""
