"""A private containerd, started for a test or a demo, and log workloads whose volume is known.

Nothing of a containerd that is already running is touched: root, state, sockets, runc's state, CNI
directories and cgroups are private to a base directory, and whatever was started is gone afterwards.
"""
