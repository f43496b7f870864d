"""Numbers after their cards were issued: what their use tells."""
