"use strict";
// Reads the class out under the pointer or the slider, and draws a stretch of it larger. The page is complete
// without this script: it only adds. Everything it shows comes from the block "trace" of the same page.
(() => {
  const block = document.getElementById("trace");
  const plots = [...document.querySelectorAll("#figure-timeline .plot")];
  const explorer = document.getElementById("explorer");
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth <= box.clientWidth + 1) box.removeAttribute("tabindex");
  }
  if (!block || !plots.length || !explorer) return;
  const trace = JSON.parse(block.textContent);
  const last = trace.count - 1;
  const slider = document.getElementById("moment");
  const readout = document.getElementById("readout");
  const zoomed = document.getElementById("zoomed");
  const SVG = "http://www.w3.org/2000/svg";
  let from = 0, to = last, at = 0;

  const clock = (seconds) => {
    const s = Math.round(seconds), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    const two = (n) => String(n).padStart(2, "0");
    return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  };
  const seconds = (index) => trace.start_s + index * trace.step_s;
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const boutAt = (time) => trace.bouts.find((bout) => time >= bout[0] && time < bout[1]);

  const words = (index) => {
    const parts = trace.channels.map((channel) => {
      const value = channel.values[index];
      return value === null ? `no ${channel.label.toLowerCase()}` : `${value} ${channel.unit}`;
    });
    const bout = boutAt(seconds(index));
    if (bout) parts.push(`${bout[2]} bout`);
    return parts;
  };

  // --- the cursor on the drawn timeline, which stands on the page once for screens and once for phones
  const sheets = plots.map((plot) => {
    const svg = plot.querySelector("svg"), { width: wide, height: tall } = svg.viewBox.baseVal;
    const panels = JSON.parse(svg.dataset.panels).filter((one) => trace.channels.some((c) => c.name === one.name));
    const panel = panels[0];
    const top = Math.min(...panels.map((one) => one.top));
    const bottom = Math.max(...panels.map((one) => one.top + one.height));
    const cursor = document.createElement("div"), brush = document.createElement("div");
    cursor.className = "cursor";
    brush.className = "brush";
    cursor.hidden = brush.hidden = true;
    for (const line of [cursor, brush]) {
      line.style.top = `${100 * top / tall}%`;
      line.style.height = `${100 * (bottom - top) / tall}%`;
    }
    plot.append(cursor, brush);
    plot.classList.add("live");
    const low = panel.x_low * 60, high = panel.x_high * 60;
    const percent = (index) => {
      const share = clamp((seconds(index) - low) / (high - low), 0, 1);
      return 100 * (panel.left + share * panel.width) / wide;
    };
    const indexAt = (event) => {
      const box = plot.getBoundingClientRect();
      const share = ((event.clientX - box.left) / box.width * wide - panel.left) / panel.width;
      return clamp(Math.round((low + share * (high - low) - trace.start_s) / trace.step_s), 0, last);
    };
    const mark = (first, final) => {
      brush.hidden = first === 0 && final === last;
      brush.style.left = `${percent(first)}%`;
      brush.style.width = `${percent(final) - percent(first)}%`;
    };
    return { plot, cursor, percent, indexAt, mark };
  });

  const show = (index) => {
    at = clamp(index, 0, last);
    slider.value = String(at);
    const parts = words(at), time = clock(seconds(at));
    slider.setAttribute("aria-valuetext", `${time}: ${parts.join(", ")}`);
    const bold = document.createElement("b");
    bold.textContent = time;
    readout.replaceChildren(bold, ` \u2002 ${parts.join(" \u2002·\u2002 ")}`);
    for (const sheet of sheets) {
      sheet.cursor.hidden = false;
      sheet.cursor.style.left = `${sheet.percent(at)}%`;
    }
    const line = zoomed.querySelector(".now");
    if (line) line.setAttribute("transform", `translate(${placeX(at)} 0)`);
  };

  // --- the enlarged stretch
  const WIDE = 900, LEFT = 104, RIGHT = 12, HIGH = 92, GAP = 16;
  const placeX = (index) => LEFT + (WIDE - LEFT - RIGHT) * (index - from) / Math.max(to - from, 1);
  const make = (name, attributes, text) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const draw = () => {
    const whole = from === 0 && to === last;
    zoomed.hidden = whole;
    for (const sheet of sheets) sheet.mark(from, to);
    if (whole) { zoomed.replaceChildren(); return; }
    const lanes = trace.channels.length, tall = lanes * (HIGH + GAP) + 26;
    const label = `Enlarged: ${clock(seconds(from))} to ${clock(seconds(to))}`;
    const svg = make("svg", { viewBox: `0 0 ${WIDE} ${tall}`, role: "img", "aria-label": label,
      "font-size": 12, "font-family": "inherit" });
    for (const [start, stop, , colour] of trace.bouts) {
      const a = clamp((start - trace.start_s) / trace.step_s, from, to);
      const b = clamp((stop - trace.start_s) / trace.step_s, from, to);
      if (b > a) svg.append(make("rect", { x: placeX(a), y: 6, width: placeX(b) - placeX(a),
        height: tall - 32, fill: colour }));
    }
    trace.channels.forEach((channel, lane) => {
      const top = 10 + lane * (HIGH + GAP);
      const inside = channel.values.slice(from, to + 1).filter((value) => value !== null);
      const low = inside.length ? Math.min(...inside) : 0;
      const high = inside.length ? Math.max(...inside, low + 1) : 1;
      const y = (value) => top + HIGH * (1 - (value - low) / (high - low));
      svg.append(make("line", { x1: LEFT, x2: WIDE - RIGHT, y1: top + HIGH, y2: top + HIGH, stroke: "#cfd5dc" }));
      svg.append(make("text", { x: LEFT - 8, y: top + 11, "text-anchor": "end", fill: "#56616e" }, high));
      svg.append(make("text", { x: LEFT - 8, y: top + HIGH, "text-anchor": "end", fill: "#56616e" }, low));
      svg.append(make("text", { x: 6, y: top + HIGH / 2 - 3, fill: channel.colour }, channel.label));
      svg.append(make("text", { x: 6, y: top + HIGH / 2 + 12, fill: "#56616e" }, channel.unit));
      let path = "", pen = false;
      for (let i = from; i <= to; i += 1) {
        const value = channel.values[i];
        if (value === null) { pen = false; continue; }
        path += `${pen ? "L" : "M"}${placeX(i).toFixed(1)} ${y(value).toFixed(1)}`;
        pen = true;
      }
      svg.append(make("path", { d: path, fill: "none", stroke: channel.colour, "stroke-width": 1.4 }));
    });
    const wanted = seconds(to) - seconds(from);
    const every = [5, 10, 30, 60, 120, 300, 600, 1200, 1800].find((step) => wanted / step <= 8) || 3600;
    for (let time = Math.ceil(seconds(from) / every) * every; time <= seconds(to); time += every) {
      const x = placeX((time - trace.start_s) / trace.step_s);
      svg.append(make("line", { x1: x, x2: x, y1: tall - 26, y2: tall - 21, stroke: "#56616e" }));
      svg.append(make("text", { x, y: tall - 8, "text-anchor": "middle", fill: "#1c2530" }, clock(time)));
    }
    const now = make("g", { class: "now" });
    now.append(make("line", { x1: 0, x2: 0, y1: 6, y2: tall - 26, stroke: "#1c2530" }));
    svg.append(now);
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * WIDE;
      show(Math.round(from + (x - LEFT) / (WIDE - LEFT - RIGHT) * (to - from)));
    });
    zoomed.replaceChildren(svg);
  };
  const shortest = Math.min(last, Math.max(20, Math.ceil(30 / trace.step_s)));
  const zoom = (first, final) => {
    const wide = clamp(final - first, shortest, last);
    from = clamp(Math.round(first), 0, last - Math.round(wide));
    to = from + Math.round(wide);
    draw();
    show(clamp(at, from, to));
  };
  const actions = {
    in: () => { const wide = (to - from) / 2; zoom(at - wide / 2, at + wide / 2); },
    out: () => { const wide = (to - from) * 2; zoom(at - wide / 2, at + wide / 2); },
    back: () => zoom(from - (to - from) / 2, to - (to - from) / 2),
    on: () => zoom(from + (to - from) / 2, to + (to - from) / 2),
    all: () => zoom(0, last),
  };

  // --- pointer, slider, keys
  let grip = null, held = null;
  for (const sheet of sheets) {
    sheet.plot.addEventListener("pointermove", (event) => {
      const index = sheet.indexAt(event);
      show(index);
      if (held === sheet && Math.abs(index - grip) > 2) sheet.mark(Math.min(grip, index), Math.max(grip, index));
    });
    sheet.plot.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button !== 0) return;
      grip = sheet.indexAt(event);
      held = sheet;
      event.preventDefault();
    });
    sheet.plot.addEventListener("dblclick", actions.all);
  }
  window.addEventListener("pointerup", (event) => {
    if (held === null) return;
    const index = held.indexAt(event), start = grip;
    held = null;
    if (Math.abs(index - start) > 2) zoom(Math.min(start, index), Math.max(start, index));
  });
  slider.max = String(last);
  slider.step = String(Math.max(1, Math.round(10 / trace.step_s)));
  slider.addEventListener("input", () => {
    show(Number(slider.value));
    if (at < from || at > to) zoom(at - (to - from) / 2, at + (to - from) / 2);
  });
  slider.addEventListener("keydown", (event) => {
    const step = { "+": actions.in, "=": actions.in, "-": actions.out, "0": actions.all }[event.key];
    if (step) { step(); event.preventDefault(); }
  });
  for (const button of explorer.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", actions[button.dataset.zoom]);
  }
  slider.value = "0";
  slider.setAttribute("aria-valuetext", `0:00: ${words(0).join(", ")}`);
  explorer.hidden = false;
})();
