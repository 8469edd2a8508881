"""What teachers read and run: guides, grading, exports, slides, a class on JupyterHub."""
