"""Many applications at once: past openings judged again on one machine or on a cluster.

`simkyc.reverify(job)` does a `simkyc.Job`; it needs the extra `reverify`, and `spark` for a cluster.
"""
