"""Write lessons for another grader: python3 course.py export nbgrader FOLDER."""
