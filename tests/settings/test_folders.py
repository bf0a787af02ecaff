from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from jdticket.settings.folders import network_place, synced_by

MOUNTS = [
    "/dev/sda1 / ext4 rw 0 0",
    "//nas/客服 /mnt/nas cifs rw 0 0",
    "server:/export /mnt/my\\040files nfs4 rw 0 0",
    "/dev/sdb1 /mnt/nas/local ext4 rw 0 0",
]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("C:/Users/小王/OneDrive/jdticket", "OneDrive"),
        ("C:/Users/小王/OneDrive - 公司/桌面", "OneDrive - 公司"),
        ("D:/我的坚果云/工单", "我的坚果云"),
        ("D:/Nutstore Files/我的坚果云", "Nutstore Files"),
        ("D:/BaiduSyncdisk", "BaiduSyncdisk"),
        ("D:/百度网盘/a", "百度网盘"),
        ("/Users/wang/Library/Mobile Documents/com~apple~CloudDocs", "Mobile Documents"),
        ("/home/wang/Dropbox (公司)/desk", "Dropbox (公司)"),
        ("/home/wang/Google Drive/desk", "Google Drive"),
        ("/home/wang/jdticket", ""),
        ("/home/wang/onedriver/desk", ""),
        ("D:/工单/坚果", ""),
    ],
)
def test_a_folder_that_a_program_copies_elsewhere_is_known_by_its_name(path: str, part: str) -> None:
    assert synced_by(PureWindowsPath(path) if path[1] == ":" else PurePosixPath(path)) == part


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/mnt/nas/desk", "//nas/客服"),
        ("/mnt/nas", "//nas/客服"),
        ("/mnt/my files/a", "server:/export"),
        ("/mnt/nas/local/desk", ""),
        ("/mnt/nas2/desk", ""),
        ("/home/wang", ""),
    ],
)
def test_a_folder_of_another_machine_is_known_by_its_mount(path: str, place: str) -> None:
    assert network_place(PurePosixPath(path), MOUNTS) == place


def test_a_folder_of_another_machine_is_known_by_its_windows_path() -> None:
    assert network_place(PureWindowsPath(r"\\nas\客服\desk"), []) == r"\\nas\客服"
    assert network_place(PureWindowsPath(r"C:\desk"), []) == ""
