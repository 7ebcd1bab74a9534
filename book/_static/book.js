// A page opened as a file may not fetch its neighbours: the search then lists titles without excerpts.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// Paper is white: print in the light theme, whichever is on the screen.
(() => {
  const page = document.documentElement;
  let kept = null;
  matchMedia("print").addEventListener("change", (event) => {
    if (event.matches) {
      kept = page.dataset.theme;
      page.dataset.theme = "light";
    } else if (kept) {
      page.dataset.theme = kept;
    }
  });
})();
