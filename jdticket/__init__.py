"""The desk for JD.com platform collaboration tickets (平台协同工单)."""

__version__ = "0.1.0"
