"""Where other file systems are mounted."""

from __future__ import annotations

from netapp_jlab.files import mounts

TEXT = b"""\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
36 22 0:32 / /data/my\\040volume rw,relatime shared:5 master:1 - nfs4 10.0.0.1:/pvc_1 rw,vers=4.1
37 36 0:33 / /data/my\\040volume/sub\\134dir rw - tmpfs tmpfs rw,size=1k
38 36 0:32 /other /data/my\\040volume/a/b rw - nfs4 10.0.0.1:/pvc_1 rw
39 22 0:40 / /data/my\\040volume2 rw - fuse.s3fs s3fs rw
40 22 0:41 / /data/new\\012line rw - fuse none rw
nonsense
41 22 broken
"""


def test_parse() -> None:
    assert mounts.parse(TEXT) == [
        b"/",
        b"/data/my volume",
        b"/data/my volume/sub\\dir",
        b"/data/my volume/a/b",
        b"/data/my volume2",
        b"/data/new\nline",
    ]


def test_below_is_relative_and_strict() -> None:
    found = mounts.parse(TEXT)
    assert mounts.below(found, b"/data/my volume") == {b"sub\\dir", b"a/b"}
    assert mounts.below(found, b"/data/my volume/a") == {b"b"}
    assert mounts.below(found, b"/data/my") == frozenset()
    assert b"data/my volume" in mounts.below(found, b"/")
    assert b"" not in mounts.below(found, b"/")


def test_the_system_at_hand() -> None:
    assert b"/proc" in mounts.mounts_now()
