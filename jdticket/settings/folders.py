"""Folders in which a database is not safe: copied by another program, or on another machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath, PureWindowsPath

# What the folders of synchronising programs are called, as a whole part of the path or before a blank or a
# bracket ("OneDrive - 公司", "Dropbox (公司)").
_PROGRAMS = (
    *(
        "OneDrive",
        "Dropbox",
        "iCloud",
        "iCloudDrive",
        "iCloud Drive",
        "Mobile Documents",
        "com~apple~CloudDocs",
    ),
    *("Google Drive", "GoogleDrive", "My Drive", "Box Sync", "Nextcloud", "ownCloud", "Syncthing"),
    *(
        "坚果云",
        "我的坚果云",
        "Nutstore",
        "Nutstore Files",
        "百度网盘",
        "百度云同步盘",
        "BaiduNetdiskWorkspace",
    ),
    *("BaiduNetdisk", "BaiduSyncdisk", "BaiduYun", "阿里云盘", "aDrive", "腾讯微云", "微云", "夸克网盘"),
    *("WPS云盘", "WPS 云盘", "WPSDrive", "WPS Cloud Files"),
)
_SYNCED = re.compile(rf"(?:{'|'.join(map(re.escape, _PROGRAMS))})(?:[ (（-].*)?", re.IGNORECASE)
_NETWORK_KINDS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "davfs", "fuse.sshfs", "fuse.rclone"}
)
_MOUNTS = Path("/proc/mounts")


def synced_by(folder: PurePath) -> str:
    """The part of the path that belongs to a synchronising program; empty: none does."""
    return next((part for part in folder.parts if _SYNCED.fullmatch(part)), "")


def network_place(folder: PurePath, mounts: Iterable[str] | None = None) -> str:
    """The network place in which the folder lies; empty: none that can be told. ``mounts`` are the lines of
    the system's table, which is read if none are given and it has one."""
    if isinstance(folder, PureWindowsPath) and folder.drive.startswith("\\\\"):
        return folder.drive
    if mounts is None:
        known = _MOUNTS.exists()
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines() if known else []
    best: tuple[int, str] = (-1, "")
    for line in mounts:
        source, at, kind = [*line.split(), "", "", ""][:3]
        point = PurePath(at.replace("\\040", " "))
        if point == folder or point in folder.parents:
            best = max(best, (len(point.parts), source if kind in _NETWORK_KINDS else ""))
    return best[1]
