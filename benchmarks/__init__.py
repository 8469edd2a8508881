"""How fast the parts are: python3 course.py bench."""
