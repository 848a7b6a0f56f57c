// SPDX-License-Identifier: BSD-2-Clause
// Before the page is drawn: the colours and the language that were chosen here, so that nothing flashes. No module: those run later.
try {
  document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "auto";
  document.documentElement.lang = localStorage.getItem("language") ?? "en";
} catch { /* this browser keeps nothing */ }
