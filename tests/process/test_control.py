"""Messages and sockets from a master to a worker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from pyproxy.config.tree import Directive, Source
from pyproxy.config.values import Address
from pyproxy.core.site import User
from pyproxy.process.control import ANSWER, AT_ONCE, Control, Job

Pair = tuple[Control, Control]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Control(ours), Control(theirs)


def test_a_job_arrives_with_where_each_directive_was_written(pair: Pair) -> None:
    master, worker = pair
    inner = Directive("listen", ("80",), None, Source("site.conf", 7))
    # larger than the buffers of a socket
    many = tuple(Directive("server", (str(number),), (inner,), Source("a.conf", number)) for number in range(20_000))
    resolved = {Address("a.test", 80): [Address("::1", 80)]}
    sent = Job(many, "/prefix", "nginx.conf", User("nobody", 65534, 65534), resolved, {"limits": "/dev/shm/limits"})
    sending = threading.Thread(target=master.send, args=(sent,))
    sending.start()
    received = worker.receive()
    sending.join()
    assert received == sent
    assert received.directives[5].source == Source("a.conf", 5)
    assert received.directives[5].children[0].source == Source("site.conf", 7)


def test_sockets_arrive_in_their_groups(pair: Pair) -> None:
    master, worker = pair
    sockets = [socket.socket() for _ in range(AT_ONCE + 20)]
    groups = [sockets[:1], [], sockets[1:3], sockets[3:]]
    sending = threading.Thread(target=master.send_sockets, args=(groups,))
    sending.start()
    received = worker.receive_sockets()
    sending.join()
    assert [len(group) for group in received] == [1, 0, 2, AT_ONCE + 17]
    for sent, got in zip(sockets, (sock for group in received for sock in group), strict=True):
        assert sent.fileno() != got.fileno()
        with sent, got:
            sent.bind(("127.0.0.1", 0))
            assert got.getsockname() == sent.getsockname()


def test_the_end_of_the_other_side_is_seen(pair: Pair) -> None:
    master, worker = pair
    master.socket.sendall(b"\0\0")  # it died in the middle of a message
    master.socket.close()
    with pytest.raises(EOFError):
        worker.receive()
    with pytest.raises(EOFError):
        worker.receive()
    with pytest.raises(EOFError):
        worker.answer("ready")


def test_the_end_of_one_that_has_not_read_all_is_its_end_too(pair: Pair) -> None:
    master, worker = pair
    master.send("a job")
    worker.socket.close()
    with pytest.raises(EOFError):
        master.hear()


def test_a_master_takes_an_answer_for_text_and_no_more_of_it_than_that(pair: Pair) -> None:
    master, worker = pair
    worker.answer("no 'user' \u00e9")
    assert master.hear() == "no 'user' \u00e9"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return pytest.fail, ("the master has run what a worker sent",)

    worker.send(Trap())
    assert "the master has run" in master.hear()
    # one that says it has four gigabytes to tell
    sending = threading.Thread(target=worker.socket.sendall, args=(b"\xff" * (ANSWER + 4),))
    sending.start()
    assert len(master.hear()) == ANSWER
    sending.join()
