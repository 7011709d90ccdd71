// Conveniences only: every page works without this file.
"use strict";

// Times in the reader's own zone; what is filtered by days in UTC stays in UTC, and says the other beside it.
const FORMATS = {
  minutes: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }),
  seconds: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" }),
};
for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) continue;
  if (time.dataset.shown === "from" || time.dataset.shown === "utc") {
    time.title = FORMATS.seconds.format(moment);
  } else {
    time.title = time.textContent;
    time.textContent = FORMATS[time.dataset.shown ?? "minutes"].format(moment);
  }
}

// Light or dark: theme.js reads what is chosen here.
const themes = [...document.querySelectorAll("select[data-theme-choice]")];
for (const list of themes) {
  const root = document.documentElement;
  list.closest("p").hidden = false;
  list.value = root.dataset.theme ?? "";
  list.addEventListener("change", () => {
    for (const other of themes) other.value = list.value;
    if (list.value) root.dataset.theme = list.value;
    else delete root.dataset.theme;
    try {
      localStorage.setItem("tidegate-theme", list.value);
    } catch {
      // A browser that keeps nothing: for this page alone.
    }
  });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl+C";
      getSelection().selectAllChildren(source);
    }
    setTimeout(() => (button.textContent = label), 2000);
  });
}

// How long to wait still.
for (const shown of document.querySelectorAll("[data-countdown]")) {
  const end = performance.now() + Number(shown.dataset.countdown) * 1000;
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    shown.hidden = false;
    shown.textContent = left > 0 ? `${left} s left.` : "You can try again now.";
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}

// A password that is written twice is compared before the form is sent, so that nothing has to be written again.
for (const form of document.querySelectorAll("form[data-repeats]")) {
  const [first, second] = form.dataset.repeats.split(" ").map((name) => form.elements[name]);
  const compare = () =>
    second.setCustomValidity(second.value && second.value !== first.value ? "The two passwords differ." : "");
  first.addEventListener("input", compare);
  second.addEventListener("input", compare);
}

// One question at a time, and Cancel and Escape close it.
const close = (open) => {
  open.open = false;
  open.querySelector("summary")?.focus();
};
for (const cancel of document.querySelectorAll("button[data-cancel]")) {
  cancel.hidden = false;
  cancel.addEventListener("click", () => close(cancel.closest("details")));
}
document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("details.confirm[open], details.menu[open]")) return;
  for (const other of document.querySelectorAll("details.confirm[open], details.menu[open]")) {
    if (other !== target) other.open = false;
  }
}, true);
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const open of document.querySelectorAll("details.confirm[open], details.menu[open]")) {
    close(open);
  }
});

// What was typed when the session was over, in this tab alone: kept until its page is there again.
const KEPT = "tidegate-typed";
const isLeftOut = ({ name, type }) => ["password", "hidden", "submit"].includes(type) || name === "token";
for (const form of document.querySelectorAll(".desk main form[method=post]")) {
  form.addEventListener("submit", () => {
    const fields = [...form.elements].filter((field) => field.name && !isLeftOut(field));
    const typed = fields.map(({ name, type, value, checked }) => [name, type, value, checked]);
    const text = JSON.stringify({ path: location.pathname, action: form.getAttribute("action"), typed });
    if (text.length < 50_000) sessionStorage.setItem(KEPT, text);
  });
}
if (document.querySelector(".desk")) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  const isBack = sessionStorage.getItem(`${KEPT}-lost`) === "yes";
  if (kept && isBack && kept.path === location.pathname) {
    const form = [...document.forms].find((form) => form.getAttribute("action") === kept.action);
    for (const [name, type, value, checked] of form ? kept.typed : []) {
      const found = form.elements[name];
      const field = type === "radio" ? [...(found ?? [])].find((one) => one.value === value) : found;
      if (!field) continue;
      if (type === "radio" || type === "checkbox") field.checked = checked;
      else field.value = value;
    }
  }
  sessionStorage.removeItem(KEPT);
  sessionStorage.removeItem(`${KEPT}-lost`);
} else if (document.querySelector("[data-lost]")) {
  sessionStorage.setItem(`${KEPT}-lost`, "yes");
}

// Back to an app by its own scheme: once, and the button stays for browsers that want a click.
document.querySelector("a[data-follow]")?.click();
