// Whoever has no mouse can scroll what is wider than the page.
const wide = "pre, .table-wrapper, .output";
const reach = () => {
  for (const piece of document.querySelectorAll(wide)) {
    if (piece.scrollWidth > piece.clientWidth) piece.tabIndex = 0;
    else piece.removeAttribute("tabindex");
  }
};
addEventListener("load", reach);
addEventListener("resize", reach);
addEventListener("toggle", reach, true);
