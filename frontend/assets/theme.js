// Chooses the theme before the first paint, so that nothing flashes; the app keeps it up to date.
(function () {
  var chosen = "";
  try { chosen = localStorage.getItem("watchfire.theme") || ""; } catch (e) { /* storage may be forbidden */ }
  var light = chosen ? chosen === "light" : matchMedia("(prefers-color-scheme: light)").matches;
  document.documentElement.setAttribute("data-theme", light ? "light" : "dark");
})();
