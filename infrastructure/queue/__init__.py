"""Redis is a doorbell: RQ carries ids to workers, and nothing is lost when it is wiped."""
