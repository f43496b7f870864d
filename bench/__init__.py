"""What `make bench` measures: each table is one file here with one public function of the file's name.

Times are compared side by side in one run and never asserted: a machine is busy, a ratio drifts, and whoever reads
`docs/measured.md` judges. `python -m bench --help` says how to run some of it.
"""

BENCHES = (
    "verification",
    "decisions",
    "vectors",
    "templates",
    "start",
    "memory",
    "screening",
    "device_sim",
    "gallery",
    "pgvector",
    "postgresql",
    "intake",
    "world",
    "stock",
    "reverify_facts",
    "reverify_photos",
    "reverify_rows",
    "reverify_engines",
    "usage_model",
    "usage_rules",
    "usage_messages",
    "rings",
    "usage_features",
)
"""Every table in the order of the page."""
