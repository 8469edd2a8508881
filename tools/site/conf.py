"""Sphinx's settings. What the pages hold is written by `pages.py`."""

project = "LangGraph in production"
html_title = project
language = "en"
extensions = ["myst_parser"]
myst_heading_anchors = 4  # headings as link targets, named as GitHub names them
suppress_warnings = ["misc.highlighting_failure"]  # an exercise's cell is unfinished Python
highlight_language = "none"
smartquotes = False  # what a reader searches for is what the notebook says

html_theme = "furo"  # one style sheet and one script, nothing from elsewhere
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_favicon = "static/icon.svg"
html_static_path = ["static"]
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_copy_source = False
html_use_index = False
html_show_copyright = False
