"""The reverse proxy that a Python developer installs with pip."""

__version__ = "0.1.0"
