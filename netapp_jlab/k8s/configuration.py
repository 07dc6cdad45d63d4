"""Finds the API server: the pod's service account, else a kubeconfig.

What a kubeconfig means (certificates, exec plugins, OIDC, proxies) is the official client's
business. It is imported when the first call is made, because that takes a fifth of a second.
"""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import Any

from netapp_jlab.config import Settings
from netapp_jlab.errors import NoCluster, Unauthorized

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class Endpoint:
    """An API server and how to show it who asks.

    Parameters
    ----------
    configuration : kubernetes.client.Configuration
        As the client's own loaders fill it.
    namespace : str
        The pod's or the context's.
    source : str
        Where this was found, for messages.

    Attributes
    ----------
    server : str
        The base address, without a slash at its end.

    Raises
    ------
    NoCluster
        The configuration has no address.
    """

    def __init__(self, configuration: Any, namespace: str, source: str) -> None:
        self.configuration = configuration
        self.namespace = namespace
        self.source = source
        self.server = str(configuration.host).rstrip("/")
        self._lock = threading.Lock()
        if not self.server.startswith(("http://", "https://")):
            raise NoCluster(f"“{self.server}” in {source} is no address of an API server.")

    def headers(self) -> dict[str, str]:
        """Return the headers that authenticate a request.

        The client's hook reads the service account's token anew every minute (the kubelet rotates
        it) and renews what an exec plugin gave once it expires.

        Raises
        ------
        Unauthorized
            A new token can not be had.
        """
        try:
            with self._lock:
                settings = self.configuration.auth_settings()
        except (OSError, ValueError, _config_exception()) as error:
            raise Unauthorized(f"The token of {self.source} can not be read: {error}.") from error
        return {
            str(setting["key"]): str(setting["value"]).strip()
            for setting in settings.values()
            if setting["in"] == "header" and setting["value"]
        }


def load(settings: Settings) -> Endpoint:
    """Find the API server.

    Raises
    ------
    NoCluster
        Neither a service account nor a usable kubeconfig.
    """
    if not settings.kubeconfig and not settings.context and _in_pod():
        return _from_pod()
    return _from_kubeconfig(settings)


def _in_pod() -> bool:
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST")) and os.path.exists(
        f"{SERVICE_ACCOUNT}/token"
    )


def _from_pod() -> Endpoint:
    config = import_module("kubernetes.config")
    configuration = _configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
        with open(f"{SERVICE_ACCOUNT}/namespace", encoding="utf-8") as file:
            namespace = file.read().strip()
    except (OSError, _config_exception()) as error:
        raise NoCluster(f"The pod's service account can not be used: {error}") from error
    return Endpoint(configuration, namespace or "default", "the pod's service account")


def _from_kubeconfig(settings: Settings) -> Endpoint:
    kube_config = import_module("kubernetes.config.kube_config")
    yaml_error: Any = import_module("yaml").YAMLError
    # The client looks at $KUBECONFIG only once, when it is imported.
    path = settings.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    path = os.pathsep.join(os.path.expanduser(part) for part in path.split(os.pathsep))
    configuration = _configuration()
    try:
        files = kube_config.KubeConfigMerger(path)
        if files.config is None:
            raise _unusable(path, settings, "it is missing or empty")
        loader = kube_config.KubeConfigLoader(
            config_dict=files.config,
            active_context=settings.context or None,
            config_base_path=None,
            config_persister=files.save_changes,
        )
        loader.load_and_set(configuration)
    except (yaml_error, UnicodeError, TypeError, AttributeError) as error:
        raise NoCluster(f"The file {path} is no kubeconfig.") from error
    except (OSError, ValueError, _config_exception()) as error:
        raise _unusable(path, settings, error) from error
    namespace = loader.current_context["context"].get("namespace")
    return Endpoint(configuration, namespace or "default", f"the kubeconfig {path}")


def _unusable(path: str, settings: Settings, why: object) -> NoCluster:
    if any(os.path.exists(part) for part in path.split(os.pathsep)):
        which = f" (context “{settings.context}”)" if settings.context else ""
        return NoCluster(f"The kubeconfig {path}{which} can not be used: {why}")
    if settings.kubeconfig:
        return NoCluster(f"There is no kubeconfig {path}.")
    return NoCluster(f"There is no Kubernetes: no pod's service account and no {path}.")


def _configuration() -> Any:
    # Not Configuration(): a program may have set a default one, which that would copy.
    return type.__call__(import_module("kubernetes.client").Configuration)


def _config_exception() -> Any:
    return import_module("kubernetes.config").ConfigException
