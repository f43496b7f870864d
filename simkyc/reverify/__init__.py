"""Many applications at once: past openings judged again on one machine or on a cluster."""
