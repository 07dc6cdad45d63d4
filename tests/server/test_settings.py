"""``c.NetAppJLab``: what can be set, from where, and what nonsense is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from jupyter_server.serverapp import ServerApp
from traitlets import TraitError
from traitlets.config import Config

import netapp_jlab
from netapp_jlab.config import Settings
from netapp_jlab.server.app import NetAppJLab


@pytest.fixture
def plain(monkeypatch):
    """The extension as Jupyter makes it, without a server."""
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    return lambda **settings: NetAppJLab(serverapp=None, config=Config(NetAppJLab=settings))


def test_each_setting_of_the_core_can_be_set(plain):
    traits = NetAppJLab.class_own_traits(config=True)
    for field in msgspec.structs.fields(Settings):
        assert traits[field.name].help
        assert traits[field.name].default() == getattr(Settings(), field.name) or field.name in {
            "mounts",
            "shared_claims",
            "user",
        }
    assert plain().core_settings() == Settings()


def test_settings_reach_the_core(plain):
    app = plain(
        namespace="jupyter",
        kubeconfig="~/kube",
        context="lab",
        request_timeout=3,
        read_only=True,
        workspace_claim="claim-ada",
        mounts={"claim-ada": "/home/ada"},
        shared_claims=["models"],
        snapshot_class="fast",
        user="ada",
        undo_days=0.5,
        ready_timeout=10,
    )
    assert app.core_settings() == Settings(
        namespace="jupyter",
        kubeconfig=str(Path("~/kube").expanduser()),
        context="lab",
        request_timeout=3.0,
        read_only=True,
        workspace_claim="claim-ada",
        mounts={"claim-ada": "/home/ada"},
        shared_claims=("models",),
        snapshot_class="fast",
        user="ada",
        undo_days=0.5,
        ready_timeout=10.0,
    )


def test_the_user_is_the_hubs(plain, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    assert plain().user == "ada"


NONSENSE = [
    ("namespace", "Jupyter!", "a namespace has at most 63 lower-case letters"),
    ("namespace", "a" * 64, "a namespace has at most 63"),
    ("workspace_claim", "my claim", "'my claim' can not be the name of anything"),
    ("snapshot_class", "../x", "can not be the name of anything"),
    ("shared_claims", ["ok", "not ok"], "'not ok' can not be the name of anything"),
    ("mounts", {"claim": "home"}, "'home' (of claim) is no absolute path"),
    ("mounts", {"A": "/home"}, "'A' can not be the name of anything"),
    ("request_timeout", 0, "between 0.1 and 86400 seconds, not 0"),
    ("request_timeout", float("nan"), "between 0.1 and 86400 seconds, not nan"),
    ("request_timeout", "soon", "expected a float"),
    ("operation_timeout", -1, "between 0.1 and 86400 seconds"),
    ("dry_run_timeout", 1e9, "between 0.1 and 86400 seconds"),
    ("ready_timeout", float("inf"), "between 0.1 and 86400 seconds"),
    ("undo_days", -0.1, "between 0 and 3650 days"),
    ("read_only", "perhaps", "expected a boolean"),
    ("max_body_bytes", 0, "between 1024 and 1073741824 bytes"),
    ("worker_threads", 0, "between 1 and 100 threads"),
    ("worker_threads", 1.5, "expected an int"),
]


@pytest.mark.parametrize(("name", "value", "message"), NONSENSE)
def test_nonsense_is_refused(name, value, message):
    app = NetAppJLab(serverapp=None)
    with pytest.raises(TraitError) as caught:
        setattr(app, name, value)
    assert name in str(caught.value)
    assert message in str(caught.value)


class TestNonsense:
    """The server starts all the same; the extension does nothing and says why."""

    @pytest.fixture
    def settings(self):
        return {"read_only": True, "request_timeout": -1}

    async def test_it(self, jp_fetch, jp_serverapp, app):
        reply = await jp_fetch("netapp-jlab", "volumes", raise_error=False)
        body = json.loads(reply.body)
        assert (reply.code, body["reason"]) == (503, "Misconfigured")
        assert "NetAppJLab.request_timeout must be between" in body["message"]
        assert (await jp_fetch("api", "status")).code == 200


class TestCommandLine:
    @pytest.fixture
    def jp_argv(self):
        return [
            "--NetAppJLab.namespace=team-a",
            "--NetAppJLab.read_only=True",
            "--NetAppJLab.mounts=claim-ada=/home/ada",
            "--NetAppJLab.shared_claims=models",
            "--NetAppJLab.request_timeout=5",
        ]

    @pytest.fixture
    def settings(self):
        return {}

    def test_it(self, app):
        found = app.core_settings()
        assert (found.namespace, found.read_only, found.request_timeout) == ("team-a", True, 5.0)
        assert found.mounts == {"claim-ada": "/home/ada"}
        assert found.shared_claims == ("models",)


def run(*command: str, tmp_path: Path) -> str:
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "JUPYTER_NO_CONFIG": ""}
    config = tmp_path / "etc"
    config.mkdir()
    (config / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": {"netapp_jlab": True}}})
    )
    home |= {"JUPYTER_CONFIG_DIR": str(config), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *command],
        capture_output=True,
        check=True,
        env=home,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


ROOT = Path(netapp_jlab.__file__).parent.parent


def test_jupyter_lists_the_extension(tmp_path):
    listed = run("-m", "jupyter_server.extension.serverextension", "list", tmp_path=tmp_path)
    assert "netapp_jlab" in listed
    assert f"netapp_jlab {netapp_jlab.__version__} \x1b[32mOK\x1b[0m" in listed


def test_help(tmp_path):
    text = run("-m", "netapp_jlab.server", "--help-all", tmp_path=tmp_path)
    for name in NetAppJLab.class_own_traits(config=True):
        assert f"--NetAppJLab.{name}=" in text


def test_enabled_by_the_installed_file():
    path = ROOT / "netapp_jlab" / "server" / "jupyter_server_config.d" / "netapp_jlab.json"
    assert json.loads(path.read_text()) == {
        "ServerApp": {"jpserver_extensions": {"netapp_jlab": True}}
    }


def test_the_points_that_jupyter_asks_for():
    (point,) = netapp_jlab._jupyter_server_extension_points()
    assert point["app"] is NetAppJLab
    assert netapp_jlab._jupyter_labextension_paths() == [
        {"src": "labextension", "dest": "netapp-jlab"}
    ]
    assert issubclass(NetAppJLab.serverapp_class, ServerApp)
