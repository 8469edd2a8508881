"""nbgrader's settings for the course. `course.py export nbgrader` copied it; yours to edit."""

import os

from nbgrader import preprocessors

COURSE = ""  # the course's folder, filled in by the export
SCHEMA_VERSION = 3  # of nbgrader's notes on cells

c = get_config()  # noqa: F821 - nbgrader puts it here
c.ClearSolutions.code_stub = {"python": "..."}  # what students find in place of a solution
c.Execute.timeout = 60  # seconds a cell may run


class CourseCells(preprocessors.OverwriteCells):
    """Give given cells and checks back their source, whatever was copied, pasted or deleted.

    Of cells with the same name, DeduplicateIds keeps the last and leaves the others an empty note.
    nbgrader 0.9.6 takes that for a file of an old nbgrader and grades no student after this one
    (jupyter/nbgrader#1083). A cell pasted from another lesson costs its student all marks, and so
    does a check deleted together with its answer.
    """

    add_missing_cells = True

    def preprocess_cell(self, cell, resources, index):
        """Make an ordinary cell of one whose note is not nbgrader's or not of this lesson."""
        if cell.metadata.get("nbgrader", {}).get("schema_version") != SCHEMA_VERSION:
            cell.metadata.pop("nbgrader", None)
        cell, resources = super().preprocess_cell(cell, resources, index)
        if "grade_id" not in cell.metadata.get("nbgrader", {}):
            cell.metadata.pop("nbgrader", None)
        return cell, resources

    def add_missing_grade_cells(self, nb, resources):
        """Put a check that was deleted after its answer; where that is gone too, at the end."""
        lesson = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        sources = {cell.name: cell for cell in lesson.source_cells}
        for check in lesson.grade_cells:
            names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
            if check.name in names:
                continue
            self.log.warning("Check '%s' was deleted: put back", check.name)
            cell = self.missing_cell_transform(sources[check.name], check.max_score)
            if (nb.nbformat, nb.nbformat_minor) >= (4, 5):
                cell["id"] = f"{check.name}-put-back"
            answer = check.name.removesuffix("-check")
            place = names.index(answer) + 1 if answer in names else len(names)
            nb.cells.insert(place, cell)
        return nb, resources


c.Autograde.sanitize_preprocessors = [
    preprocessors.ClearOutput,
    preprocessors.DeduplicateIds,
    preprocessors.OverwriteKernelspec,
    CourseCells,  # nbgrader's own is OverwriteCells
    preprocessors.CheckCellMetadata,
]

# Kernels inherit this: where the course is, no word in your own progress, and no endpoint but the
# lesson model, for which the checks are made.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [COURSE, os.environ.get("PYTHONPATH")]))
os.environ["COURSE_PROGRESS"] = "off"
for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY", "OPENAI_MODEL"):
    os.environ.pop(name, None)
