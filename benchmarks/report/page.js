"use strict";
(() => {
  // The data: solvers best first; runs[solver][seed][instance] in seconds, null where unsolved.
  const data = JSON.parse(document.getElementById("data").textContent);
  const { solvers, items, runs, timeout } = data;
  const seeds = runs[0].length;
  const VERDICTS = ["unknown", "SAT", "UNSAT"];
  const COLOURS = 8;
  const byId = (id) => document.getElementById(id);
  const tip = byId("tip");

  // Series: every solver, then the virtual best of them.
  const best = runs[0].map((row, seed) => row.map((_, item) => {
    const solved = runs.map((own) => own[seed][item]).filter((time) => time !== null);
    return solved.length ? Math.min(...solved) : null;
  }));
  const series = [...solvers, "VBS"].map((name, place) => ({
    name,
    runs: place < solvers.length ? runs[place] : best,
    colour: place < solvers.length ? `var(--c${place % COLOURS})` : "var(--ink)",
    dash: place === solvers.length ? "2 3" : ["", "7 3", "9 3 2 3"][Math.floor(place / COLOURS) % 3],
    shown: true,
  }));
  const state = { category: "ALL", log: true };

  const clock = (seconds) => {
    if (seconds === null) return "unsolved";
    if (seconds >= 100) return `${seconds.toFixed(0)} s`;
    return `${Number(seconds.toPrecision(3))} s`;
  };
  const inside = (item) => state.category === "ALL" || VERDICTS[items[item][2]] === state.category;
  const rows = () => items.map((_, item) => item).filter(inside);

  function add(parent, tag, attributes = {}, text = "") {
    const svg = parent instanceof SVGElement;
    const node = svg ? document.createElementNS(parent.namespaceURI, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== "") node.textContent = text;
    return parent.appendChild(node);
  }

  // ---- scales and axes ---------------------------------------------------------------------------------

  function timeScale(low, from, to, log) {
    if (!log) return { at: (time) => from + ((to - from) * time) / timeout, invert: (x) => ((x - from) / (to - from)) * timeout };
    const span = Math.log(timeout / low);
    return {
      at: (time) => from + ((to - from) * Math.log(Math.max(time, low) / low)) / span,
      invert: (x) => low * Math.exp(((x - from) / (to - from)) * span),
    };
  }

  function lowest() {
    const times = series.flatMap((each) => each.runs.flat()).filter((time) => time !== null && time > 0);
    const least = Math.max(times.reduce((a, b) => Math.min(a, b), timeout / 10), timeout / 1e5);
    return 10 ** Math.floor(Math.log10(least));
  }

  function timeTicks(low, log) {
    if (!log) return steps(timeout, 5);
    const ticks = [];
    for (let tick = low; tick < timeout / 2; tick *= 10) ticks.push(Number(tick.toPrecision(3)));
    return [...ticks, timeout];
  }

  function steps(most, about) {
    const raw = Math.max(most / about, 1e-9);
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw);
    return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, tick) => Number((tick * step).toPrecision(6)));
  }

  function axes(svg, box, xs, ys, xTitle, yTitle) {
    svg.replaceChildren();
    for (const [value, x] of xs) {
      add(svg, "line", { class: "grid", x1: x, x2: x, y1: box.top, y2: box.bottom });
      add(svg, "text", { x, y: box.bottom + 16, "text-anchor": "middle" }, String(value));
    }
    for (const [value, y] of ys) {
      add(svg, "line", { class: "grid", x1: box.left, x2: box.right, y1: y, y2: y });
      add(svg, "text", { x: box.left - 6, y: y + 4, "text-anchor": "end" }, String(value));
    }
    const { left, right, top, bottom } = box;
    add(svg, "rect", { class: "frame", x: left, y: top, width: right - left, height: bottom - top });
    add(svg, "text", { x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" }, xTitle);
    const middle = (top + bottom) / 2;
    add(svg, "text", { x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }, yTitle);
  }

  // ---- the two curves ----------------------------------------------------------------------------------

  function sorted(each) {
    const chosen = rows();
    return each.runs.flatMap((row) => chosen.map((item) => row[item])).filter((time) => time !== null).sort((a, b) => a - b);
  }

  function drawCurves(svg, transposed) {
    const box = { left: 52, right: 546, top: 12, bottom: 352 };
    const low = lowest();
    const most = Math.max(1, rows().length);
    const time = transposed ? timeScale(low, box.bottom, box.top, state.log) : timeScale(low, box.left, box.right, state.log);
    const [from, to] = transposed ? [box.left, box.right] : [box.bottom, box.top];
    const count = { at: (n) => from + ((to - from) * n) / most, invert: (p) => ((p - from) / (to - from)) * most };
    const times = timeTicks(low, state.log).map((tick) => [tick, time.at(tick)]);
    const counts = steps(most, 6).map((tick) => [tick, count.at(tick)]);
    if (transposed) axes(svg, box, counts, times, "instances solved", "seconds");
    else axes(svg, box, times, counts, "seconds", "instances solved");
    const curves = series.filter((each) => each.shown).map((each) => ({ ...each, times: sorted(each) }));
    for (const each of curves) {
      const start = [time.at(0), count.at(0)];
      let path = transposed ? `M${start[1]} ${start[0]}` : `M${start[0]} ${start[1]}`;
      each.times.forEach((seconds, place) => {
        const t = time.at(seconds).toFixed(1);
        const n = count.at((place + 1) / seeds).toFixed(1);
        path += transposed ? `V${t}H${n}` : `H${t}V${n}`;
      });
      if (!transposed) path += `H${time.at(timeout).toFixed(1)}`;
      add(svg, "path", { class: "curve", d: path, "data-name": each.name, "stroke-dasharray": each.dash, style: `stroke:${each.colour}` });
    }
    const cursor = add(svg, "line", { class: "cursor", visibility: "hidden" });
    const across = (x) => {
      const place = Math.min(box.right, Math.max(box.left, x));
      for (const [name, value] of Object.entries({ x1: place, x2: place, y1: box.top, y2: box.bottom, visibility: "visible" })) {
        cursor.setAttribute(name, value);
      }
      const lines = [];
      const n = Math.max(1, Math.round(count.invert(place)));
      const t = time.invert(place);
      for (const each of curves) {
        const solved = each.times.filter((seconds) => seconds <= t * (1 + 1e-9)).length / seeds;
        const text = transposed ? clock(each.times[n * seeds - 1] ?? null) : Number(solved.toFixed(1));
        lines.push({ name: each.name, text, order: transposed ? each.times[n * seeds - 1] ?? Infinity : -solved });
      }
      lines.sort((a, b) => a.order - b.order);
      return { title: transposed ? `${n} instances within` : `within ${clock(t)}`, lines, x: place, y: (box.top + box.bottom) / 2 };
    };
    svg.chart = {
      hover: (x) => across(x),
      key: (step) => across((svg.place = Math.min(box.right, Math.max(box.left, (svg.place ?? box.left) + step * 10)))),
      leave: () => cursor.setAttribute("visibility", "hidden"),
    };
  }

  // ---- the scatter plot --------------------------------------------------------------------------------

  const SHAPES = [
    (x, y) => `M${x} ${y - 4.6}l4.4 7.6h-8.8z`, // unknown: triangle
    (x, y) => `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z`, // SAT: circle
    (x, y) => `M${x - 3.6} ${y - 3.6}h7.2v7.2h-7.2z`, // UNSAT: square
  ];
  const SHADES = ["var(--c7)", "var(--c0)", "var(--c1)"];

  function drawScatter(svg) {
    const [first, second] = ["x", "y"].map((axis) => series[byId(`${svg.id}-${axis}`).value]);
    const box = { left: 58, right: 546, top: 12, bottom: 474 };
    const band = 26; // beyond the limit: unsolved
    const low = lowest();
    const xScale = timeScale(low, box.left, box.right - band, true);
    const yScale = timeScale(low, box.bottom, box.top + band, true);
    const ticks = timeTicks(low, true);
    axes(svg, box, ticks.map((t) => [t, xScale.at(t)]), ticks.map((t) => [t, yScale.at(t)]), `${first.name}, seconds`, `${second.name}, seconds`);
    const [limitX, limitY] = [xScale.at(timeout), yScale.at(timeout)];
    add(svg, "line", { class: "limit", x1: limitX, x2: limitX, y1: box.top, y2: box.bottom });
    add(svg, "line", { class: "limit", x1: box.left, x2: box.right, y1: limitY, y2: limitY });
    add(svg, "text", { x: box.left + 6, y: box.top + band / 2 + 4 }, "unsolved");
    const turn = `rotate(-90 ${limitX + band / 2 + 4} ${box.bottom - 6})`;
    add(svg, "text", { x: limitX + band / 2 + 4, y: box.bottom - 6, transform: turn }, "unsolved");
    add(svg, "line", { class: "even", x1: box.left, x2: limitX, y1: box.bottom, y2: limitY });
    for (const factor of [10, 100]) {
      if (timeout / low <= factor) continue;
      const [a, b] = [low * factor, timeout / factor];
      add(svg, "line", { class: "guide", x1: xScale.at(low), y1: yScale.at(a), x2: xScale.at(b), y2: limitY });
      add(svg, "line", { class: "guide", x1: xScale.at(a), y1: yScale.at(low), x2: limitX, y2: yScale.at(b) });
      add(svg, "text", { x: xScale.at(low) + 3, y: yScale.at(a) - 3 }, `${factor}×`);
    }
    const points = [];
    for (const item of rows()) {
      for (let seed = 0; seed < seeds; seed++) {
        const [a, b] = [first.runs[seed][item], second.runs[seed][item]];
        const x = a === null ? limitX + band / 2 : xScale.at(a);
        const y = b === null ? limitY - band / 2 : yScale.at(b);
        const verdict = items[item][2];
        const node = add(svg, "path", { class: "dot", d: SHAPES[verdict](x, y), style: `--fill:${SHADES[verdict]}` });
        points.push({ item, seed, x, y, a, b, node });
      }
    }
    let on = null;
    const select = (point) => {
      on?.node.classList.remove("on");
      on = point;
      if (!point) return null;
      point.node.classList.add("on");
      const [name, family, verdict] = items[point.item];
      const lines = [{ name: first.name, text: clock(point.a) }, { name: second.name, text: clock(point.b) }];
      const kind = [family, VERDICTS[verdict], seeds > 1 ? `seed ${data.seeds[point.seed]}` : ""].filter(Boolean).join(" · ");
      return { title: name, kind, lines, x: point.x, y: point.y };
    };
    svg.chart = {
      hover: (x, y) => {
        let [near, least] = [null, 18 ** 2];
        for (const point of points) {
          const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
          if (distance < least) [near, least] = [point, distance];
        }
        return select(near);
      },
      key: (step) => {
        if (!points.length) return null;
        svg.place = ((svg.place ?? (step > 0 ? -1 : 0)) + step + points.length) % points.length;
        return select(points[svg.place]);
      },
      leave: () => select(null),
    };
  }

  // ---- tooltips ----------------------------------------------------------------------------------------

  function show(svg, about) {
    if (!about) return hide();
    tip.replaceChildren();
    add(tip, "strong", {}, about.title);
    if (about.kind) add(tip, "div", {}, about.kind);
    for (const line of about.lines) {
      const row = add(tip, "div");
      add(row, "span", {}, line.name);
      add(row, "span", {}, String(line.text));
    }
    tip.hidden = false;
    const frame = svg.getBoundingClientRect();
    const scale = frame.width / svg.viewBox.baseVal.width;
    const x = frame.left + about.x * scale + 14;
    const wide = tip.offsetWidth;
    const left = x + wide > document.documentElement.clientWidth - 4 ? x - wide - 28 : x;
    tip.style.left = `${Math.max(4, left) + scrollX}px`;
    tip.style.top = `${frame.top + about.y * scale + 10 + scrollY}px`;
  }

  function hide() {
    tip.hidden = true;
  }

  function listen(svg) {
    svg.addEventListener("pointermove", (event) => {
      const frame = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / frame.width;
      show(svg, svg.chart.hover((event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale));
    });
    const leave = () => {
      svg.chart.leave();
      hide();
    };
    svg.addEventListener("pointerleave", leave);
    svg.addEventListener("blur", leave);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (event.key === "Escape") leave();
      if (!step) return;
      event.preventDefault();
      show(svg, svg.chart.key(step));
    });
  }

  function draw() {
    hide();
    drawCurves(byId("cdf"), false);
    drawCurves(byId("cactus"), true);
    drawScatter(byId("scatter"));
    drawScatter(byId("scatter2"));
  }

  // ---- tables ------------------------------------------------------------------------------------------

  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    const key = (row, column, numeric) => {
      const cell = row.cells[column];
      if (!numeric) return cell.textContent;
      const value = parseFloat(cell.dataset.k ?? cell.textContent);
      return Number.isNaN(value) ? Infinity : value;
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const numeric = head.classList.contains("num");
        const keyed = [...table.tBodies[0].rows].map((row) => [key(row, column, numeric), row]);
        keyed.sort(([a], [b]) => {
          const order = numeric ? (a === b ? 0 : a < b ? -1 : 1) : a.localeCompare(b, "en", { numeric: true });
          return down ? -order : order;
        });
        table.tBodies[0].append(...keyed.map(([, row]) => row));
      });
    });
  }

  function instanceTable() {
    const table = byId("runs");
    const head = add(add(table, "thead"), "tr");
    ["instance", "family", "status"].forEach((name) => add(head, "th", { scope: "col" }, name));
    solvers.forEach((name) => add(head, "th", { scope: "col", class: "num" }, name));
    const body = add(table, "tbody");
    const wrong = new Set(data.wrong.map((each) => each.join(" ")));
    items.forEach(([name, family, verdict, hash], item) => {
      const row = add(body, "tr");
      add(row, "th", { scope: "row", title: hash }, name);
      add(row, "td", {}, family);
      add(row, "td", {}, VERDICTS[verdict]);
      const costs = runs.map((own) => own.reduce((sum, row) => sum + (row[item] ?? data.factor * timeout), 0) / seeds);
      const least = Math.min(...costs);
      runs.forEach((own, place) => {
        const solved = own.filter((row) => row[item] !== null).length;
        const bad = own.some((_, seed) => wrong.has(`${place} ${seed} ${item}`));
        const share = solved && solved < seeds ? ` (${solved}/${seeds})` : "";
        const mean = own.reduce((sum, row) => sum + (row[item] ?? 0), 0) / solved;
        const text = solved ? mean.toFixed(2) + share : "–";
        const fastest = solved > 0 && runs.length > 1 && costs[place] === least;
        const kind = `num${bad ? " wrong" : ""}${fastest ? " best" : ""}`;
        add(row, "td", { class: kind, "data-k": costs[place] }, bad ? `! ${text}` : text);
      });
    });
    const found = byId("found");
    byId("find").addEventListener("input", (event) => {
      const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const row of body.rows) {
        const cells = [...row.cells].slice(0, 3).map((cell) => cell.textContent);
        const text = `${cells.join(" ")} ${row.cells[0].title}`.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        count += !row.hidden;
      }
      found.textContent = words.length ? `${count} of ${items.length}` : "";
    });
  }

  // ---- controls ----------------------------------------------------------------------------------------

  function sample(parent, path, style, dash = "") {
    const holder = add(parent, "span");
    holder.innerHTML = '<svg width="22" height="10" viewBox="0 0 22 10" aria-hidden="true"></svg>';
    add(holder.firstChild, "path", { d: path, style, "stroke-dasharray": dash });
  }

  for (const each of series) {
    const button = add(byId("legend"), "button", { type: "button", "aria-pressed": "true" });
    sample(button, "M0 5H22", `stroke:${each.colour};stroke-width:2.5`, each.dash);
    add(button, "span", {}, each.name);
    button.addEventListener("click", () => {
      each.shown = !each.shown;
      button.setAttribute("aria-pressed", String(each.shown));
      draw();
    });
  }
  [1, 2, 0].forEach((verdict) => {
    if (!items.some((item) => item[2] === verdict)) return;
    for (const marks of document.querySelectorAll(".marks")) {
      const mark = add(marks, "span");
      sample(mark, SHAPES[verdict](11, 5), `fill:${SHADES[verdict]}`);
      add(mark, "span", {}, VERDICTS[verdict]);
    }
  });
  const VBS = solvers.length;
  for (const [id, other] of [["scatter", Math.min(1, VBS)], ["scatter2", Math.min(2, VBS)]]) {
    for (const [axis, chosen] of [["x", other], ["y", 0]]) {
      const select = byId(`${id}-${axis}`);
      series.forEach((each, index) => add(select, "option", { value: index }, each.name));
      select.value = chosen;
      select.addEventListener("change", draw);
    }
  }
  byId("category").addEventListener("change", (event) => {
    state.category = event.target.value;
    draw();
  });
  byId("log").addEventListener("change", (event) => {
    state.log = event.target.checked;
    draw();
  });
  ["cdf", "cactus", "scatter", "scatter2"].forEach((id) => listen(byId(id)));
  instanceTable();
  document.querySelectorAll("table").forEach(sortable);
  draw();
})();
