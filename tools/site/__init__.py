"""The course as a website: pages of the lessons and documents, built offline with Sphinx."""
