"""How answers look: tables for people, JSON and CSV for programs."""
