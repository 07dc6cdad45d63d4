"""How much of a volume is used, also where its folder has gone."""

from __future__ import annotations

from netapp_jlab.services.meter import Meter, count
from netapp_jlab.services.mounts import Mount


def test_counts_files_but_not_snapshots(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 10_000)
    (tmp_path / ".snapshot" / "s").mkdir(parents=True)
    (tmp_path / ".snapshot" / "s" / "a").write_bytes(b"x" * 10_000_000)
    used = Meter().used(Mount("v", str(tmp_path)), capacity=1024)
    assert used is not None
    assert 10_000 <= used < 1_000_000


def test_gives_up_on_too_many(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}").touch()
    assert count(str(tmp_path), entries=4) is None
    assert count(str(tmp_path), entries=5) == 0


def test_a_folder_that_is_gone_has_no_figure(tmp_path):
    assert Meter().used(Mount("v", str(tmp_path / "gone")), capacity=1024) is None
