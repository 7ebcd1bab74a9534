"""Models: pure functions of parameters. What does not come from them is measured in ``helpers.metrics``."""
