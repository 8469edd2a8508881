"""What maintainers and course.py run: installation, a reader's own work, building notebooks."""
