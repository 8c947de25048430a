// Two runs of the reader's choice beside each other, and tables that sort by a column.
(() => {
  const { data, el, text } = report;
  const form = document.getElementById("compare");

  const chance = (p) => (p === null ? "" : p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`);

  /** The comparison of two runs as `other` minus `base`; the data hold each pair once, the better run first. */
  function pairOf(base, other) {
    const pair = data.pairs.find(({ a, b }) => (a === other && b === base) || (a === base && b === other));
    if (!pair || base === other) return null;
    const turned = pair.a === base;
    // Figures come as they are printed; turned around, a difference changes its sign alone.
    const sign = (figure) => (turned ? figure.replace(/^[+-](?=\d)/, (found) => (found === "+" ? "-" : "+")) : figure);
    return {
      ...pair,
      scores: pair.scores.map(([label, first, second, difference, low, high, clear]) => ({
        label, clear,
        base: turned ? first : second, other: turned ? second : first, difference: sign(difference),
        low: turned ? sign(high) : low, high: turned ? sign(low) : high,
      })),
      onlyBase: turned ? pair.onlyA : pair.onlyB, onlyOther: turned ? pair.onlyB : pair.onlyA,
      moves: pair.moves.map(([before, after, n]) => (turned ? [before, after, n] : [after, before, n])),
      says: pair.p !== null && pair.p <= 0.05 ? (turned ? "worse" : "better") : "cannot tell",
    };
  }

  const head = (...names) => el("thead", {}, el("tr", {}, ...names.map((name, at) => el("th", { scope: "col", class: at ? "" : "left" }, name))));
  const link = (base, other, agree, words) => el("a", { href: `#run=${base}&versus=${other}&agree=${agree}` }, words);

  function pairView(base, other) {
    const found = pairOf(base, other);
    if (!found) return [el("p", { class: "note" }, "Choose two different runs.")];
    const said = el("p", {}, el("b", {}, text(data.runs[other].name)), { better: " is better than ", worse: " is worse than ", "cannot tell": " cannot be told apart from " }[found.says], el("b", {}, text(data.runs[base].name)), ` by Cal (${chance(found.p) || "no test"}), over ${found.n} items that both answered: `);
    said.append(link(base, other, "first", `${found.onlyBase} are right only in the baseline`), ", ", link(base, other, "second", `${found.onlyOther} only in the other run`), "; ", link(base, other, "differ", "show all items with different outcomes"), ".");
    const parts = [said];
    if (found.scores.length > 1) {
      const body = found.scores.map((row) => {
        const interval = row.low === "-" ? "-" : `${row.low} to ${row.high}`;
        return el("tr", { "data-score": row.label }, el("th", { scope: "row" }, row.label), el("td", {}, row.base), el("td", {}, row.other), el("td", { class: row.clear ? "clear" : "" }, row.difference), el("td", {}, interval));
      });
      parts.push(el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Differences between the two runs" }, el("table", { id: "differences" }, head("Score", "Baseline", "Other", "Difference", "95 % interval"), el("tbody", {}, ...body))));
    } else {
      parts.push(el("p", { class: "note" }, "To compare every score, make a report of these two runs alone."));
    }
    if (found.moves.length) {
      const body = found.moves.map(([before, after, n]) => el("tr", {}, el("td", { class: "left" }, data.outcomes[before][1]), el("td", { class: "left" }, data.outcomes[after][1]), el("td", {}, String(n))));
      parts.push(el("details", {}, el("summary", {}, "Items with different outcomes"), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Changes of outcome" }, el("table", {}, head("In the baseline", "In the other run", "Items"), el("tbody", {}, ...body)))));
    }
    return parts;
  }

  function against(base) {
    const body = data.runs.map((run, other) => {
      const found = pairOf(base, other);
      if (!found) return null;
      const cal = found.scores[0];
      return el("tr", {}, el("th", { scope: "row" }, `${other + 1} `, text(run.name)), el("td", {}, cal ? cal.difference : "-", cal && cal.low !== "-" ? el("span", { class: "ci" }, `${cal.low} to ${cal.high}`) : ""), el("td", {}, found.says, " ", el("span", { class: "ci" }, chance(found.p))), el("td", {}, link(base, other, "second", String(found.onlyOther))), el("td", {}, link(base, other, "first", String(found.onlyBase))));
    });
    document.getElementById("against").replaceChildren(head("Run", "Difference in Cal", "Compared with the baseline", "Right only here", "Right only in the baseline"), el("tbody", {}, ...body.filter(Boolean)));
  }

  function compare() {
    const [base, other] = ["baseline", "other"].map((name) => Number(form.elements[name].value));
    document.getElementById("pair").replaceChildren(...pairView(base, other));
    against(base);
  }
  if (form) {
    form.addEventListener("input", compare);
    form.addEventListener("submit", (event) => event.preventDefault());
    compare();
  }

  // ---- sorting

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    if (body.rows.length < 2) continue;
    heads.forEach((cell, at) => {
      const button = el("button", { type: "button", class: "sort" });
      button.append(...cell.childNodes);
      cell.replaceChildren(button);
      button.addEventListener("click", () => {
        const falling = cell.getAttribute("aria-sort") !== "descending" && at > 0 || cell.getAttribute("aria-sort") === "ascending";
        for (const one of heads) one.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const value = (row) => (at ? (row.cells[at].dataset.value === "" ? NaN : Number(row.cells[at].dataset.value)) : row.cells[0].textContent);
        const order = (one, two) => (at ? (Number.isNaN(one) ? -1 : Number.isNaN(two) ? 1 : one - two) : one.localeCompare(two));
        body.append(...[...body.rows].sort((one, two) => order(value(one), value(two)) * (falling ? -1 : 1)));
      });
    });
  }
})();
