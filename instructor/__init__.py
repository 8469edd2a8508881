"""What teachers read and run: guides, demo, slides, grading, exports, a class's hub."""
