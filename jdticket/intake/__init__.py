"""How tickets come in: files, copied pages; each yields drafts, none decides about them.

``files`` opens whatever operators have (``open_source``, ``source_from_stream``), ``pasted`` reads the
text of a copied page (``PastedPage``); what they promise stands in ``interface``.
"""
