"""Getters of variables that follow from the request's fields: quicker where the names of the fields are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.message import Names
    from pyproxy.core.request import Request
    from pyproxy.core.variables import Getter


class NamesGetter:
    """A getter that may find out more once the names of the fields are known."""

    __slots__ = ()

    def __call__(self, request: Request) -> bytes | None:
        raise NotImplementedError

    def among(self, names: Names) -> Getter | None:
        """The quickest getter for requests whose fields have just these names; None if it would never find anything."""
        raise NotImplementedError


class FieldGetter(NamesGetter):
    """Gets all values of one field, joined."""

    __slots__ = ("_joint", "_name")

    def __init__(self, name: bytes, joint: bytes) -> None:
        self._name = name
        self._joint = joint

    def __call__(self, request: Request) -> bytes | None:
        return request.route.head.fields.joined(self._name, self._joint)

    def among(self, names: Names) -> Getter | None:
        place = names.first.get(self._name)
        if place is None:
            return None
        return self if self._name in names.repeated else lambda request: request.route.head.fields.values[place]
