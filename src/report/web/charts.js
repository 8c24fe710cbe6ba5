// One chart: a heading, a drawing that is made when it comes into view, and its files.

const MARGIN = { l: 66, r: 14, t: 8, b: 46 };
const SHAPES = {
  disc: "circle-open", square: "square-open", up: "triangle-up-open", diamond: "diamond-open",
  down: "triangle-down-open", cross: "x-thin-open", plus: "cross-thin-open",
};
const dark = matchMedia("(prefers-color-scheme: dark)");
let printing = false;
const isDark = () => !printing && dark.matches;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

function svg(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const luminance = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b) / 255;

// The colour of a label; on a dark page a dark one is lightened until it can be seen.
function colorOf(label, onDark = isDark()) {
  const look = data.payload.looks.find(l => l.label === label);
  let rgb = [1, 3, 5].map(i => parseInt(look.color.slice(i, i + 2), 16));
  if (onDark) for (let i = 0; i < 6 && luminance(rgb) < 0.45; i++) rgb = rgb.map(c => Math.round(c + 0.25 * (255 - c)));
  return `rgb(${rgb.join(",")})`;
}

function lineOf(label, onDark, width = 1.8) {
  const look = data.payload.looks.find(l => l.label === label);
  const dash = look.dash.length ? look.dash.map(d => `${(d * 1.5).toFixed(1)}px`).join(",") : "solid";
  return { color: colorOf(label, onDark), width, dash };
}

const symbolOf = label => SHAPES[data.payload.looks.find(l => l.label === label).shape];

// A piece of line with its marker, for legends in text.
function swatch(label) {
  const look = data.payload.looks.find(l => l.label === label);
  const color = colorOf(label);
  const picture = svg("svg", { width: 30, height: 12, viewBox: "0 0 30 12", "aria-hidden": "true" });
  picture.append(svg("line", {
    x1: 0, x2: 30, y1: 6, y2: 6, stroke: color, "stroke-width": 2, "stroke-dasharray": look.dash.map(d => d * 1.5).join(" "),
  }));
  const marks = {
    disc: "M15 2.5a3.5 3.5 0 1 0 .01 0z", square: "M11.8 2.8h6.4v6.4h-6.4z", up: "M15 1.8l4 7h-8z", down: "M15 10.2l4-7h-8z",
    diamond: "M15 1.5l4 4.5-4 4.5-4-4.5z", cross: "M11.8 2.8l6.4 6.4m0-6.4l-6.4 6.4", plus: "M15 2v8m-4-4h8",
  };
  picture.append(svg("path", { d: marks[look.shape], fill: "var(--page)", stroke: color, "stroke-width": 1.5 }));
  return picture;
}

function axisOf(title, log, range, onDark) {
  const [ink, grid] = onDark ? ["#c9ced6", "#2c323b"] : ["#333a44", "#e6e8ec"];
  const decades = range ? Math.abs(range[1] - range[0]) : 9;
  return {
    title: { text: title, font: { size: 12.5 }, standoff: 6 }, type: log ? "log" : "linear", color: ink, gridcolor: grid,
    zeroline: false, linecolor: ink, ticks: "outside", ticklen: 4, tickcolor: ink, exponentformat: "power",
    range: range ?? undefined, autorange: !range, automargin: false, tickfont: { size: 11 },
    ...(log && decades > 1.2 ? { dtick: Math.max(1, Math.ceil(decades / 6)) } : {}),
    ...(log && decades <= 1.2 ? { nticks: 6, exponentformat: "none", tickformat: ".3~g" } : {}),
  };
}

// `make(onDark)` gives { traces, x, y, sentence } with axes { title, log, range }; a sentence stands for an empty chart.
class Chart {
  constructor(title, options) {
    Object.assign(this, { height: 330, csv: null, make: null, drawn: null }, options);
    this.plot = element("div", { class: "plot", style: `height:${this.height}px` });
    this.name = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    const file = (kind, act) =>
      element("button", { type: "button", class: "file", title: `Download as ${kind}`, onclick: act }, kind);
    this.reading = element("figcaption", { class: "reading", "aria-live": "polite" });
    this.root = element("figure", { class: "chart" },
      element("div", { class: "head" }, element("h3", {}, title), element("span", { class: "files" },
        file("SVG", () => this.picture("svg")), file("PNG", () => this.picture("png")),
        file("CSV", () => this.table()))),
      this.plot, this.reading);
    this.dirty = options.dirty ?? false;
    watch(this.root, () => this.refresh());
  }

  invalidate() {
    this.dirty = true;
    if (this.root.isConnected && this.root.dataset.seen === "yes") this.refresh();
  }

  refresh() {
    if (!this.dirty || !isRead()) return;
    this.dirty = false;
    const made = this.make(isDark());
    this.drawn = made;
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", made.label ?? this.name);
    this.plot.querySelector(".nothing")?.remove();
    if (made.sentence) {
      Plotly.purge(this.plot);
      this.plot.replaceChildren(element("p", { class: "nothing" }, made.sentence));
      this.after?.(made);
      return;
    }
    Plotly.react(this.plot, made.traces, this.layout(made, isDark()), {
      displaylogo: false, responsive: true, modeBarButtonsToRemove: ["toImage", "select2d", "lasso2d", "autoScale2d"],
      doubleClick: "reset",
    });
    if (!this.listening) {
      this.listening = true;
      this.plot.on("plotly_click", event => this.click?.(event.points[0]));
      this.plot.on("plotly_relayout", () => this.after?.(this.drawn));
    }
    performance.mark("drawn");
    this.after?.(made);
  }

  layout(made, onDark) {
    return {
      margin: MARGIN, showlegend: false, hovermode: "closest", hoverdistance: 24, dragmode: "zoom",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", color: onDark ? "#e3e6eb" : "#222" },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: onDark ? "#6b7482" : "#a5adb8", activecolor: onDark ? "#e3e6eb" : "#333" },
      hoverlabel: { font: { family: "system-ui, sans-serif", size: 12 } },
      xaxis: {
        ...axisOf(made.x.title, made.x.log, made.x.range, onDark),
        ...(made.labels ? { tickvals: made.labels.map((_, i) => i), ticktext: made.labels, showgrid: false } : {}),
      },
      yaxis: axisOf(made.y.title, made.y.log, made.y.range, onDark), shapes: made.shapes ?? [],
    };
  }

  // Files are for paper: light, with a legend.
  picture(format) {
    const made = this.make(false);
    if (made.sentence) return;
    const layout = {
      ...this.layout(made, false), paper_bgcolor: "#fff", plot_bgcolor: "#fff", showlegend: true,
      legend: { orientation: "h", y: -0.22 }, margin: { ...MARGIN, b: 90 },
    };
    const traces = made.traces.map(t => ({ ...t, showlegend: t.legend === true, legend: undefined }));
    Plotly.downloadImage({ data: traces, layout }, { format, filename: this.name, width: 760, height: 480, scale: 2 });
  }

  table() {
    save(`${this.name}.csv`, this.csv(this.drawn ?? this.make(false)), "text/csv");
  }
}

const cell = value => {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "" : "inf";
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : String(value);
};
const csvOf = rows => rows.map(row => row.map(cell).join(",")).join("\n") + "\n";

function save(name, text, type) {
  const link = element("a", { download: name, href: URL.createObjectURL(new Blob([text], { type })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Calls back when something comes into view; never before.
const seen = new IntersectionObserver(entries => {
  for (const entry of entries) {
    entry.target.dataset.seen = entry.isIntersecting ? "yes" : "no";
    if (entry.isIntersecting) watched.get(entry.target)?.();
  }
}, { rootMargin: "150px" });
const watched = new WeakMap();
function watch(target, act) {
  watched.set(target, act);
  seen.observe(target);
}

// Whether the columns are there that the view shows.
const isRead = () => [state.x, state.y === "gap" ? "objective" : state.y].every(name => data.columns.get(name)?.values);

// The limits of values on an axis, a little wider; in powers of ten where it is logarithmic.
function rangeOf(values, log) {
  let low = Infinity, high = -Infinity;
  for (const v of values) {
    if (!Number.isFinite(v) || (log && v <= 0)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (low > high) return null;
  if (log) [low, high] = [Math.log10(low), Math.log10(high)];
  const room = (high - low || Math.max(Math.abs(high), log ? 1 : 1e-12)) * 0.04;
  return [low - room, high + room];
}
