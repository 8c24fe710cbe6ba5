// The learnt components, matched across algorithms: pointing at one shows its partners.

let galleries = [];

async function startGallery() {
  const [found, leftOut] = await inflateJson("stored-gallery");
  galleries = found;
  const section = document.getElementById("gallery");
  section.hidden = !galleries.length;
  if (leftOut) document.getElementById("gallery-note").append(` ${leftOut} more problems with pictures found no room here.`);
}

// The galleries of visible problems, of visible algorithms.
function drawGallery(owner) {
  const shown = galleries.filter(g => visible.some(p => p.index === g.problem)).map(g => {
    const entrants = visible.find(p => p.index === g.problem).entrants;
    return element("div", { class: "problem" }, element("h3", {}, g.title),
      bases(g, g.bases.filter(b => entrants.has(b.label))));
  });
  owner.host.replaceChildren(...(shown.length ? shown : [element("p", { class: "nothing" }, "No visible run kept its pictures.")]));
}

function bases(gallery, list) {
  const row = element("div", { class: "bases" });
  const marks = [];
  const note = element("p", { class: "reading", "aria-live": "polite" }, "Point at a component.");
  const show = place => {
    marks.forEach(mark => {
      mark.hidden = place === null;
      if (place === null) return;
      const [x, y] = [place % gallery.columns, Math.floor(place / gallery.columns)];
      mark.style.left = `${100 * x / gallery.columns}%`;
      mark.style.top = `${100 * y / gallery.rows}%`;
    });
    note.textContent = place === null ? "Point at a component." : `Component ${place + 1}: cosine with that of ${gallery.reference}: `
      + list.map(b => `${b.label} ${significant(b.cosines[place], 2)}`).join(", ");
  };
  for (const basis of list) {
    const mark = element("span", {
      class: "mark", hidden: true, style: `width:${100 / gallery.columns}%;height:${100 / gallery.rows}%`,
    });
    marks.push(mark);
    const frame = element("div", { class: "sprite" }, spriteOf(basis), mark);
    frame.addEventListener("pointermove", event => {
      const box = frame.getBoundingClientRect();
      const x = Math.floor((event.clientX - box.left) / box.width * gallery.columns);
      const y = Math.floor((event.clientY - box.top) / box.height * gallery.rows);
      const place = y * gallery.columns + x;
      show(place >= 0 && place < basis.cosines.length ? place : null);
    });
    frame.addEventListener("pointerleave", () => show(null));
    const mean = basis.cosines.reduce((a, b) => a + b, 0) / Math.max(basis.cosines.length, 1);
    const caption = element("figcaption", {},
      element("button", { type: "button", class: "link", onclick: () => change({ run: basis.run }) }, named(basis.label)),
      element("small", {}, ` seed ${basis.seed}${basis.label === gallery.reference ? "" : `, mean cosine ${significant(mean, 2)}`}`));
    row.append(element("figure", {}, caption, frame));
  }
  return element("div", {}, row, note);
}

const spriteOf = basis => element("img", {
  src: `data:image/png;base64,${basis.png}`, alt: `The ${basis.cosines.length} components learnt by ${basis.label}`,
});

function pictureOf(run) {
  const basis = galleries.flatMap(g => g.bases).find(b => b.run === run.key);
  return basis ? element("div", { class: "sprite" }, spriteOf(basis)) : null;
}
