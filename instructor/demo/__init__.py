"""Show a lesson to a room: python3 course.py demo NN [--reset]."""
