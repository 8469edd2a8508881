"""Write lessons as slides: python3 course.py slides [NN]."""
