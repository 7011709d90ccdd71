// Light or dark as the reader chose, before anything is shown. Without a choice the system's.
"use strict";
try {
  const theme = localStorage.getItem("tidegate-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing.
}
