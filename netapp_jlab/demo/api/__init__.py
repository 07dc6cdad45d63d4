"""The API server of the embedded cluster.

A real, if small, Kubernetes API server in one process: `kubectl`, the official Python client and
the NetApp DataOps Toolkit work against it unchanged. Its rules are those of Kubernetes 1.36; where
it answers differently, it is wrong.

==============  ==================================================================================
module          what it knows
==============  ==================================================================================
``kinds``       which kinds there are, how they are called and printed
``store``       objects, versions, watches: everything behind the HTTP interface
``rules``       what each kind defaults, refuses and keeps (the "strategies" of Kubernetes)
``patches``     JSON patch, merge patch, strategic merge patch, server-side apply
``schemas``     the published OpenAPI documents, and validation against them
``auth``        who is calling (tokens) and what they may do (RBAC)
``http``        the REST interface: paths, content types, tables, watches
``faults``      delays and failures that can be switched on while running
``server``      the process: `python -m netapp_jlab.demo.api`
==============  ==================================================================================
"""
