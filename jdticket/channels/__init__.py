"""How messages go out: the group robots of Chinese shops, Apprise for everything else, standard output.

Each file is one kind of channel and is imported only when a channel of its kind is made; what they
promise stands in ``interface``. ``robot`` holds what the three robots share.
"""
