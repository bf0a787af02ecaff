"""How tickets come in: files, copied pages; each yields drafts, none decides about them."""
