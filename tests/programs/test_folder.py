from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from pyproxy.programs.folder import Folder


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "pid.programs"


def test_a_folder_is_found_by_its_link_and_goes_with_it(link: Path, tmp_path: Path) -> None:
    folder = Folder.create(None, link)
    assert Folder.find(link) is None
    folder.publish()
    found = Folder.find(link)
    assert found is not None
    assert found.path == folder.path
    folder.remove()
    assert not folder.path.exists()
    assert not os.path.lexists(link)
    assert Folder.find(link) is None


def test_a_link_that_leads_elsewhere_by_now_stays(link: Path) -> None:
    first, second = Folder.create(None, link), Folder.create(None, link)
    first.publish()
    second.publish()
    first.remove()
    assert Path(os.readlink(link)) == second.path
    second.remove()


def test_a_folder_that_others_may_write_is_not_believed(link: Path) -> None:
    folder = Folder.create(None, link)
    folder.publish()
    folder.path.chmod(0o777)
    assert Folder.find(link) is None
    folder.remove()


def test_users(link: Path) -> None:
    one = Folder.create(None, link)
    one.publish()
    assert not one.is_shared()
    other = Folder.find(link)
    assert other is not None
    assert other.is_used()
    one.leave()
    assert not other.is_used()
    other.use()
    third = Folder(other.path, link)
    third.use()
    assert other.is_shared()
    third.leave()
    assert not other.is_shared()
    other.remove()
    assert not other.is_used()


def test_supervisord_sees_the_end_of_the_last_owner(link: Path) -> None:
    one = Folder.create(None, link)
    assert not one.is_owned()
    end = one.own()
    two = Folder(one.path, link)
    os.close(two.own())
    assert one.is_owned()
    one.leave()
    assert select.select([end], [], [], 0)[0] == []
    two.leave()
    assert os.read(end, 1) == b""
    os.close(end)
    one.remove()


def test_no_pid(link: Path) -> None:
    folder = Folder.create(None, link)
    assert folder.pid == 0
    (folder.path / "supervisord.pid").write_text("12\n")
    assert folder.pid == 12
    folder.remove()


def test_one_whose_socket_would_have_too_long_a_name_is_not_left_behind(tmp_path: Path) -> None:
    parent = tmp_path / ("x" * 100)
    with pytest.raises(ValueError, match="set TMPDIR to a shorter one"):
        Folder.create(parent, None)
    assert not list(parent.iterdir())
