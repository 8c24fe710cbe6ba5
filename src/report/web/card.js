// The card of one run: what it was asked, how it went, how to repeat it.

function openCard(key) {
  const dialog = document.getElementById("card");
  const run = data.runs.find(r => r.key === key && r.machine === state.machine) ?? data.runs.find(r => r.key === key);
  if (!run) { if (dialog.open) dialog.close(); return; }
  const facts = run.problemFacts;
  const settings = Object.entries(run.settings).map(([key, value]) => [key, JSON.stringify(value)]);
  const rows = [
    ["data", `${run.data.title}${run.data.synthetic && !run.data.title.includes("synthetic") ? " (synthetic)" : ""}, ${run.data.m} × ${run.data.n}`],
    ["rank", facts.rank], ["start", facts.init], ["seed", run.seed], ["precision", run.precision], ["threads", run.threads],
    ["ended", `${run.statusName}: ${run.reasonText}${run.proper ? "" : " — counts as a failure, infinite in every statistic"}`],
    ["iterations", run.iterations],
    ["solver time", `${inSeconds(run.seconds)}, of it set-up ${inSeconds(run.setup)}; processor ${inSeconds(run.cpu ?? NaN)}`],
    ["disturbance", run.marks.length ? `times suspect: ${run.marks.join(", ")}` : "none seen"],
    ["repetitions", `${run.repetitions}${run.nondeterministic ? "; iterates differ between them" : ""}`],
    ["peak memory", run.memory ? `${significant(run.memory / 2 ** 20, 3)} MiB` : "not known"],
    ["machine", run.machine], ["started", run.started], ["record", `runs/${run.key}.json`],
  ];
  const ends = data.payload.y.map(([name, title]) => [title, name]);
  const body = document.getElementById("card-body");
  const command = commandOf(run);
  body.replaceChildren(
    element("h2", { id: "card-title" }, swatch(run.label), ` ${run.label}`),
    definitions(rows),
    element("h3", {}, "Parameters"),
    settings.length ? definitions(settings) : element("p", {}, "none"),
    element("h3", {}, "At the end"),
    element("div", { id: "card-ends" }, "…"),
    element("h3", {}, "To repeat it"),
    element("pre", {}, element("code", {}, command)),
    element("button", { type: "button", onclick: event => copy(command, event.target) }, "Copy"),
  );
  const picture = pictureOf(run);
  if (picture) body.append(element("h3", {}, "What it learnt"), picture);
  need(...ends.map(e => e[1])).then(() => {
    const last = name => run.values(name).at(-1) ?? NaN;
    document.getElementById("card-ends")?.replaceChildren(definitions(ends.map(([title, name]) => [title, significant(last(name), 6)])));
  });
  if (!dialog.open) dialog.showModal();
}

function definitions(rows) {
  return element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]));
}

const quoted = text => (/^[\w./=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

// The experiment as it was asked, this run of it alone, into a folder of its own.
function commandOf(run) {
  const facts = run.problemFacts;
  const filters = [["dataset", run.data.name], ["rank", facts.rank], ["init", facts.init], ["seed", run.seed],
    ["algorithm", run.label.replace(/, (f32|f64)$|, \d+ thr\.$/g, "")], ["precision", run.precision], ["threads", run.threads]];
  const only = filters.map(([axis, value]) => `--only ${quoted(`${axis}=${value}`)}`).join(" \\\n  ");
  return `nmfbench run ${quoted(`${data.payload.folder}/experiment.toml`)} --results again \\\n  ${only}`;
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = "Selected: press Ctrl-C";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

function startCard() {
  const dialog = document.getElementById("card");
  dialog.addEventListener("close", () => { if (state.run) change({ run: null }); });
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
}
