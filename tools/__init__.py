"""What maintainers and course.py run: installation, a reader's own work, notebooks, website."""
