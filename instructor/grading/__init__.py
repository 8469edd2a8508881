"""Mark handed-in notebooks: python3 course.py grade FOLDER."""
