// The item browser: filters, list, item, and an address that leads to what is seen.
(() => {
  const { data, el, text, picture, clip } = report;
  const form = document.getElementById("filters");
  const list = document.getElementById("list");
  const pane = document.getElementById("item");
  const count = document.getElementById("count");
  const outcomes = new Map(data.outcomes.map(([key, name, meaning], place) => [key, { name, meaning, place }]));
  const FIELDS = ["run", "outcome", "group", "task", "absence", "versus", "agree", "q"];

  let shown = []; // places in data.items that the filters leave, in order
  let current = -1; // a place in data.items
  const rows = new Map(); // place -> its link in the list

  // ---- filters

  const value = (name) => form.elements[name].value;
  const run = () => data.runs[Number(value("run")) || 0];
  const other = () => (value("versus") === "" ? null : data.runs[Number(value("versus"))]);
  const outcomeOf = (which, place) => (which.answers[place] ? which.answers[place].o : null);

  function matches(place) {
    const item = data.items[place];
    const answer = run().answers[place];
    if (!answer) return false;
    if (value("group") && item.g !== value("group")) return false;
    if (value("task") && item.t !== value("task")) return false;
    if (value("absence") && item.a !== value("absence")) return false;
    const wanted = value("outcome");
    if (wanted && !(wanted === "wrong" ? answer.o.startsWith("wrong_") : answer.o === wanted)) return false;
    if (other() && value("agree")) {
      const [one, two] = [answer.o, outcomeOf(other(), place)];
      if (two === null || one === two) return false;
      if (value("agree") === "first" && !(one === "right" && two !== "right")) return false;
      if (value("agree") === "second" && !(two === "right" && one !== "right")) return false;
    }
    const words = value("q").trim().toLowerCase();
    return !words || words.split(/\s+/).every((word) => haystack(place).includes(word));
  }

  const haystacks = [];
  function haystack(place) {
    if (haystacks[place] === undefined) {
      const item = data.items[place];
      const said = data.runs.flatMap((one) => (one.answers[place] ? [one.answers[place].p, one.answers[place].e] : []));
      const notes = item.m.flatMap((memory) => [memory.n, memory.said]);
      haystacks[place] = [item.id, item.q, item.gold, ...notes, ...said].filter(Boolean).join("\n").toLowerCase();
    }
    return haystacks[place];
  }

  function refresh() {
    shown = data.items.map((_, place) => place).filter(matches);
    const rank = (place) => Math.min(2, outcomes.get(run().answers[place].o).place);
    shown.sort((one, two) => rank(one) - rank(two) || one - two); // failed, unjudged, then the dataset's order
    rows.clear();
    list.replaceChildren();
    listed = 0;
    more();
    const all = run().answers.filter(Boolean).length;
    count.textContent = shown.length === all ? `${all} items` : `${shown.length} of ${all} items`;
    if (!shown.length) list.replaceChildren(el("li", { class: "empty" }, all ? "No item matches these filters." : "This run has no items."));
    countOutcomes();
  }

  /** Put the next items into the list: it grows as it is scrolled, so that a large report opens at once. */
  const STEP = 300;
  let listed = 0;
  function more(until = listed + STEP) {
    const end = Math.min(shown.length, until);
    list.append(...shown.slice(listed, end).map(row));
    listed = end;
  }
  list.parentElement.addEventListener("scroll", ({ target }) => {
    if (listed < shown.length && target.scrollTop + 2 * target.clientHeight > target.scrollHeight) more();
  });

  function row(place) {
    const item = data.items[place];
    const found = run().answers[place].o;
    const link = el(
      "a",
      { href: permalink(place), "data-place": place, tabindex: "-1" },
      el("span", { class: "id" }, text(item.id), el("span", { class: `chip ${found}` }, outcomes.get(found).name)),
      text(item.q === null ? "(unknown question)" : item.q, "span", "q"),
    );
    rows.set(place, link);
    return el("li", {}, link);
  }

  /** Outcomes with the number of items that the other filters leave. */
  function countOutcomes() {
    const select = form.elements.outcome;
    const chosen = select.value;
    const counts = new Map();
    for (const answer of run().answers) if (answer) counts.set(answer.o, (counts.get(answer.o) || 0) + 1);
    const wrong = [...counts].filter(([key]) => key.startsWith("wrong_")).reduce((sum, [, n]) => sum + n, 0);
    const options = [el("option", { value: "" }, "All outcomes"), el("option", { value: "wrong" }, `Wrong, of any kind (${wrong})`)];
    for (const [key, { name }] of outcomes) {
      if (counts.get(key) || key === chosen || key !== "unknown") options.push(el("option", { value: key }, `${name} (${counts.get(key) || 0})`));
    }
    select.replaceChildren(...options);
    select.value = chosen;
  }

  // ---- the item

  function show(place, { scroll = false, focus = false } = {}) {
    if (rows.has(current)) {
      rows.get(current).removeAttribute("aria-current");
      rows.get(current).tabIndex = -1;
    }
    current = place;
    if (place < 0) {
      pane.replaceChildren(el("p", { class: "empty" }, shown.length ? "Choose an item." : "No item matches these filters. Change them, or choose Show all."));
      return;
    }
    const at = shown.indexOf(place);
    if (at >= listed) more(at + STEP);
    const link = rows.get(place);
    if (link) {
      link.setAttribute("aria-current", "true");
      link.tabIndex = 0;
      const box = list.parentElement;
      const [top, bottom] = [link.offsetTop - box.offsetTop, link.offsetTop - box.offsetTop + link.offsetHeight];
      const from = link.parentElement.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
      if (from < box.scrollTop || from + (bottom - top) > box.scrollTop + box.clientHeight) box.scrollTop = from - box.clientHeight / 3;
      if (focus) link.focus({ preventScroll: true });
    }
    pane.replaceChildren(...details(place));
    if (!scroll) return;
    const { top } = pane.getBoundingClientRect();
    if (top < 0 || top > innerHeight / 3) pane.scrollIntoView({ block: "start", behavior: "instant" });
  }

  function details(place) {
    const item = data.items[place];
    const at = shown.indexOf(place);
    const step = (by, label, sign) => {
      const button = el("button", { type: "button", "aria-label": label, disabled: !(at >= 0 && shown[at + by] !== undefined) }, sign);
      button.addEventListener("click", () => move(by));
      return button;
    };
    const facts = [item.t && `task ${data.tasks[item.t] || ""} ${item.t}`, item.g && data.groups[item.g], item.a && data.absences[item.a], item.f && `asks for ${item.f}`];
    const runs = [run(), ...data.runs.filter((one) => one !== run())].filter((one) => one.answers[place]);
    const meta = el("p", { class: "meta" });
    facts.filter(Boolean).forEach((fact, number) => meta.append(number ? " · " : "", text(fact)));
    return [
      el("header", {}, el("h3", {}, el("a", { href: permalink(place), title: "Link to this item" }, text(item.id))), el("div", { class: "step" }, step(-1, "Previous item", "←"), step(1, "Next item", "→"))),
      query(item),
      item.gold === null ? null : el("p", { class: "gold" }, el("span", { class: "what" }, "Gold answer "), text(item.gold, "span")),
      el("div", { class: runs.length > 3 ? "answers many" : "answers", ...(runs.length > 3 ? { tabindex: "0", role: "group", "aria-label": "Answers of all runs" } : {}) }, ...runs.map((one) => answer(one, place))),
      el("p", { class: "part" }, "Memories"),
      memories(item, runs, place),
      meta,
    ].filter(Boolean);
  }

  function memories(item, runs, place) {
    if (!item.m.length) return el("p", { class: "note" }, "Unknown, because the dataset is missing.");
    const cards = item.m.map((memory, number) => {
      const marks = el("div", { class: "who" }, `Context ${number + 1}`);
      if (item.target === number) marks.append(el("span", { class: "chip right" }, "asked about"));
      for (const one of runs) {
        if (one.answers[place].src !== number || one.answers[place].o === "right") continue;
        marks.append(el("span", { class: "chip wrong_person" }, runs.length > 1 ? `quoted by run ${data.runs.indexOf(one) + 1}` : "quoted in the answer"));
      }
      const likeness = Object.entries(memory.sim || {}).map(([kind, found]) => `${kind} ${found.toFixed(2)}`);
      return el(
        "li",
        { class: item.target === number ? "memory meant" : "memory" },
        marks,
        picture(memory.i, `Face of the person of context ${number + 1}`),
        clip(memory.s, `Voice of the person of context ${number + 1}`),
        memory.n === null ? null : text(memory.n, "p"),
        memory.said || likeness.length ? known(memory, item.target === number ? [] : likeness) : null,
      );
    });
    return el("ol", { class: "memories" }, ...cards);
  }

  /** What the builder knows of a memory, and no model is told. */
  function known(memory, likeness) {
    const box = el("details", { class: "note" }, el("summary", {}, "More"));
    if (memory.said) box.append(el("p", {}, "Transcript: ", text(memory.said)));
    if (likeness.length) box.append(el("p", {}, `Similarity to the person asked about: ${likeness.join(", ")}`));
    return box;
  }

  function query(item) {
    const [image, audio] = item.query[run().view] || [-1, -1];
    const box = el("div", { class: "query" });
    const cue = { I2I: "The query shows a face", A2A: "The query plays a voice" }[item.g];
    if (image >= 0 || audio >= 0) box.append(el("div", { class: "cue" }, image >= 0 ? picture(image, "Face that the query asks about") : null, audio >= 0 ? clip(audio, "Voice that the query asks about") : null));
    if (cue && data.media === "none") box.append(el("p", { class: "note" }, `${cue}, which is left out of this page.`));
    box.append(item.q === null ? el("p", { class: "note" }, "The question is unknown.") : text(item.q, "p", "words"));
    return box;
  }

  function answer(one, place) {
    const found = one.answers[place];
    const outcome = outcomes.get(found.o);
    const by = el("div", { class: "by" }, el("span", { class: `chip ${found.o}`, title: outcome.meaning }, outcome.name));
    if (data.runs.length > 1) by.append(el("span", {}, `${data.runs.indexOf(one) + 1} `, text(one.name)));
    if (found.v) by.append(el("span", {}, `judged ${found.v} by `, text(found.j || one.judge)));
    const cost = [found.tok !== undefined ? `${found.tok} tokens` : null, found.sec !== undefined ? `${found.sec.toFixed(2)} s` : null, found.c !== undefined ? `confidence ${found.c.toFixed(2)}` : null].filter(Boolean);
    if (cost.length) by.append(el("span", {}, cost.join(", ")));
    const box = el("div", { class: "answer" }, by);
    if (found.p === null) box.append(el("p", {}, "No answer", found.e ? ": " : ".", found.e ? text(found.e) : ""));
    else if (found.p.trim() === "") box.append(el("p", { class: "note" }, "Empty answer."));
    else box.append(text(found.p, "div", "said"));
    if (found.o !== "right") box.append(el("p", { class: "note" }, outcome.meaning));
    const withheld = [...one.without, ...(found.d || [])];
    if (withheld.length) box.append(el("p", { class: "note" }, "Not shown to the model: ", text(withheld.join(", "))));
    if (found.th) box.append(el("details", {}, el("summary", {}, "Reasoning of the model"), el("pre", { class: "wrap" }, text(found.th))));
    if (found.raw) box.append(el("details", { class: "transcript" }, el("summary", {}, "Reply of the judge"), el("pre", { class: "wrap" }, text(found.raw))));
    return box;
  }

  // ---- the address: filters and item, so that a link leads to what its sender saw

  function permalink(place) {
    const state = new URLSearchParams();
    for (const name of FIELDS) if (value(name) && !(name === "run" && value(name) === "0")) state.set(name, value(name));
    if (place >= 0) state.set("item", data.items[place].id);
    return `#${state}`;
  }

  function remember() {
    const wanted = permalink(current);
    if (wanted !== location.hash) history.replaceState(null, "", wanted === "#" ? "#items" : wanted);
    for (const [place, link] of rows) link.setAttribute("href", permalink(place));
  }

  /** Follow the address; true where it says something about items. */
  function follow() {
    if (!location.hash.includes("=")) return false;
    const state = new URLSearchParams(location.hash.slice(1));
    for (const name of FIELDS) {
      const field = form.elements[name];
      field.value = state.get(name) ?? (name === "run" ? "0" : "");
      if (field.selectedIndex === -1) field.selectedIndex = 0;
    }
    let wanted = data.items.findIndex((item) => item.id === state.get("item"));
    if (wanted >= 0 && !run().answers[wanted]) {
      const holder = data.runs.findIndex((one) => one.answers[wanted]);
      if (holder >= 0) form.elements.run.value = String(holder);
    }
    refresh();
    if (wanted < 0) wanted = shown.length ? shown[0] : -1;
    show(wanted, { scroll: true });
    return true;
  }

  function move(by, focus = false) {
    const at = shown.indexOf(current);
    const next = at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by));
    if (shown[next] === undefined || shown[next] === current) return;
    show(shown[next], { focus });
    remember();
  }

  function filtered() {
    refresh();
    show(shown.includes(current) ? current : shown.length ? shown[0] : -1);
    remember();
  }

  form.addEventListener("input", filtered);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const name of FIELDS) if (name !== "run") form.elements[name].value = "";
    filtered();
  });
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(Number(link.dataset.place), { focus: true, scroll: true });
    remember();
  });
  pane.addEventListener("click", (event) => {
    if (event.target.closest("h3 a")) event.preventDefault();
  });
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, audio, .scroll, .plot, pre")) return;
    const inList = list.contains(target);
    const by = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[event.key] ?? (inList ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined);
    if (by !== undefined) {
      event.preventDefault();
      move(by, inList);
    } else if (event.key === "/") {
      event.preventDefault();
      form.elements.q.focus();
    }
  });

  refresh();
  if (!follow()) show(shown.length ? shown[0] : -1);
  // Media stand after this script, so that a large page is usable before they are all read.
  document.addEventListener("DOMContentLoaded", () => {
    if (pane.querySelector("[data-loading]")) show(current);
  });
  document.documentElement.dataset.ready = "true";
})();
