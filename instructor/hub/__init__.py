"""A class on one JupyterHub."""
