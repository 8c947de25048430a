"use strict";
// The data of the page, and how they are shown: everything of a run or a dataset is put in as text, never as markup.
const report = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff]/gu;

  // Texts, memories and media stand once in the data; here each item gets what belongs to it, when it is asked.
  const textAt = (place) => (place < 0 ? null : data.texts[place]);
  const KEYS = ["id", "g", "t", "a", "q", "gold", "f", "target", "set", "query", "sim"];
  data.items = data.items.map((row) => {
    const item = Object.fromEntries(row.map((value, at) => [KEYS[at], value]));
    Object.defineProperty(item, "m", {
      get: () => data.sets[item.set].map(([n, i, s, said], at) => ({ n: textAt(n), i, s, said: textAt(said), sim: item.sim && item.sim[at] })),
    });
    return item;
  });
  for (const run of data.runs) {
    run.answers = run.answers.map((row) => row && { p: row[0], o: data.outcomes[row[1]][0], ...row[2] });
  }

  /** An element with attributes and children; a string child becomes text. */
  function el(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  /** Somebody else's text: isolated from what stands around it, unseen characters marked by their codes. */
  function text(words, name = "bdi", kind = "") {
    const made = el(name, { class: `text ${kind}`.trim(), dir: "auto" });
    let end = 0;
    for (const match of words.matchAll(UNSEEN)) {
      const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      made.append(words.slice(end, match.index), el("span", { class: "ctl", "data-code": `U+${code}` }, match[0]));
      end = match.index + match[0].length;
    }
    made.append(words.slice(end));
    return made;
  }

  // ---- media: stored once as base64 in a script element of their own, turned into a blob when first shown

  const addresses = new Map();
  function address(name) {
    if (addresses.has(name)) return addresses.get(name);
    const holder = document.getElementById(`m${name}`);
    if (!holder) return null;
    const type = holder.dataset.type;
    if (!type) return "";
    const raw = atob(holder.textContent);
    const bytes = new Uint8Array(raw.length);
    for (let index = 0; index < raw.length; index += 1) bytes[index] = raw.charCodeAt(index);
    const url = URL.createObjectURL(new Blob([bytes], { type }));
    addresses.set(name, url);
    return url;
  }

  function picture(name, alt) {
    const url = name >= 0 && address(name);
    return url ? el("img", { class: "face", src: url, alt }) : missing(name, "photo");
  }

  function clip(name, label) {
    const url = name >= 0 && address(name);
    return url ? el("audio", { controls: true, preload: "metadata", src: url, "aria-label": label }) : missing(name, "clip");
  }

  function missing(name, kind) {
    if (name < 0) return el("div", { class: "nomedia" }, data.media === "none" ? `${kind} left out of this page` : `no ${kind}`);
    if (address(name) === "") return el("div", { class: "nomedia" }, `${kind} cannot be read`);
    return el("div", { class: "nomedia", "data-loading": "true" }, `${kind} is still loading`);
  }

  return { data, el, text, picture, clip };
})();
