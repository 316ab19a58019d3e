"use strict";
// Unpack the plotting library, draw every figure in the colours of the page, and keep them so when theme or paper changes.
(async () => {
  const specifications = [...document.querySelectorAll("script[data-plot]")].map((script) => ({
    place: document.getElementById(script.dataset.plot),
    ...JSON.parse(script.textContent),
  }));
  const apologise = () => specifications.forEach(({ place }) => {
    place.classList.add("plot-failed");
    place.textContent = "This browser cannot draw the plot; the table has its figures.";
  });
  if (!("DecompressionStream" in window)) { apologise(); return; }
  try {
    const packed = Uint8Array.from(atob(document.getElementById("library").textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  } catch (error) { apologise(); return; }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axes = (layout) => Object.keys(layout).filter((key) => /^[xy]axis/.test(key));
  const NARROW = 520;
  const dressed = (layout, width) => {
    const ink = colour("--ink"), line = colour("--line");
    const clothes = {
      ...layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true,
      font: { color: ink, size: 12.5, family: getComputedStyle(document.body).fontFamily },
      hoverlabel: { bgcolor: colour("--raised"), bordercolor: line, font: { color: ink } },
    };
    const narrow = width < NARROW ? (layout.meta || {}).narrow || {} : {};
    for (const key of new Set([...axes(layout), "xaxis", "yaxis"])) {
      clothes[key] = { ...layout[key], ...narrow[key], gridcolor: line, zerolinecolor: colour("--soft"), fixedrange: true };
    }
    return clothes;
  };
  const coloured = (data) => data.map((trace) => ({
    ...trace,
    ...(["bar", "waterfall", "heatmap", "sankey"].includes(trace.type) ? { textfont: { ...trace.textfont, color: colour("--ink") } } : {}),
  }));
  const options = { responsive: true, displayModeBar: false, displaylogo: false };
  const draw = () => Promise.all(specifications.map(({ place, data, layout }) =>
    Plotly.react(place, coloured(data), dressed(layout, place.clientWidth), options)));
  const folded = () => [...document.querySelectorAll("details:not([open])")];
  let opened = [];

  await draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  matchMedia("print").addEventListener("change", draw);
  addEventListener("beforeprint", () => { opened = folded(); opened.forEach((part) => { part.open = true; }); draw(); });
  addEventListener("afterprint", () => { opened.forEach((part) => { part.open = false; }); draw(); });
  document.documentElement.dataset.drawn = String(specifications.length);
})();
