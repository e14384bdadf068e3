"use strict";
// The page of a run. `run` is what page.py describes; everything below draws one step of it.

const run = JSON.parse(document.getElementById("run").textContent);
const $ = (id) => document.getElementById(id);

// ---- words ---------------------------------------------------------------------------------------

const WORDS = {
  en: {
    outline: "Outline", graph: "Graph", fold: "fold", unfold: "unfold", search: "search  /",
    other: "中文", op: "forward", gradient: "backward", update: "update", inputs: "What goes in",
    output: "What comes out", incoming: "The gradient that arrives", rule: "The local rule",
    leaving: "What leaves", added: "added to what was there", total: "together",
    formula: "Formula", code: "how it is written", before: "before", after: "after",
    change: "change", state: "state", parameter: "parameter", input: "input", constant: "constant",
    step: "step", group: "group", open: "open it", holds: "steps in it", kept: "shown: the first",
    of: "of", element: "element", right: "agrees with a nudge", wrong: "does NOT agree with a nudge",
    kink: "a kink: no one slope here", unchecked: "not checked",
    nothing: "This run has no steps.", slope: "slope by nudging", settings: "settings",
    start: "The way back starts here, with the gradient 1.",
  },
  zh: {
    outline: "大纲", graph: "计算图", fold: "折叠", unfold: "展开", search: "搜索  /",
    other: "English", op: "前向", gradient: "反向", update: "更新", inputs: "输入",
    output: "输出", incoming: "传来的梯度", rule: "局部规则", leaving: "传出的梯度",
    added: "与已有的梯度相加", total: "合计", formula: "公式", code: "源代码", before: "更新前",
    after: "更新后", change: "变化", state: "状态", parameter: "参数", input: "输入", constant: "常数",
    step: "步骤", group: "组", open: "展开", holds: "步", kept: "只显示前", of: "/",
    element: "元素", right: "与数值差分一致", wrong: "与数值差分不一致",
    kink: "此处不可导(折点)", unchecked: "未检查",
    nothing: "没有任何步骤。", slope: "差分斜率", settings: "设置", start: "反向传播从这里开始,梯度为 1。",
  },
};
let language = (navigator.language || "en").startsWith("zh") ? "zh" : "en";
const say = (key) => WORDS[language][key];

// ---- elements of the page ------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// ---- numbers -------------------------------------------------------------------------------------

for (const [id, value] of run.values.entries()) {
  value.id = id;
  if (value.numbers) value.elements = value.numbers.map(Number);
  else {
    const bytes = Uint8Array.from(atob(value.data), (letter) => letter.charCodeAt(0));
    const Kind = value.coded === "f4" ? Float32Array : Float64Array;
    value.elements = new Kind(bytes.buffer);
  }
  value.isWhole = value.kept.every((count, axis) => count === value.shape[axis]);
}

const product = (counts) => counts.reduce((a, b) => a * b, 1);

function format(x) {
  if (x === undefined) return "…";
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (Number.isInteger(x) && Math.abs(x) < 1e7) return String(x).replace("-", "−");
  const size = Math.abs(x);
  const text = size >= 1e-3 && size < 1e6 ? x.toPrecision(4) : x.toExponential(2);
  return text.replace("-", "−").replace("e-", "e−");
}

// An element by its index, which broadcasts; undefined if the page does not keep it.
function at(value, index) {
  const rank = value.shape.length;
  let position = 0;
  for (let axis = 0; axis < rank; axis++) {
    const i = value.shape[axis] === 1 ? 0 : index[index.length - rank + axis];
    if (i === undefined || i >= value.kept[axis]) return undefined;
    position = position * value.kept[axis] + i;
  }
  return value.elements[position];
}

// The index of an element that the page keeps, by its position.
function indexOf(value, position) {
  const index = [];
  for (let axis = value.shape.length - 1; axis >= 0; axis--) {
    index.unshift(position % value.kept[axis]);
    position = Math.floor(position / value.kept[axis]);
  }
  return index;
}

// ---- the outline: groups and steps as a tree -----------------------------------------------------

const root = { children: [], parent: null };
const groups = run.groups.map((group) => ({ ...group, children: [], isOpen: true }));
for (const group of groups) {
  group.node = { group, children: [], parent: null };
}
for (const group of groups) {
  const parent = group.parent == null ? root : groups[group.parent].node;
  group.node.parent = parent;
}
const leaves = run.steps.map((step, number) => {
  const parent = step.group == null ? root : groups[step.group].node;
  const node = { step, number, parent, children: [] };
  let child = node;  // a group stands where its first step does
  while (child.parent && !child.parent.children.includes(child)) {
    child.parent.children.push(child);
    child = child.parent;
  }
  return node;
});

function firstStep(node) {
  return node.step ? node.number : firstStep(node.children[0]);
}

function lastStep(node) {
  return node.step ? node.number : lastStep(node.children[node.children.length - 1]);
}

// The node that shows a step: itself, or the outermost folded group around it.
function shownNode(number) {
  let shown = leaves[number];
  for (let node = shown.parent; node && node !== root; node = node.parent) {
    if (!node.group.isOpen) shown = node;
  }
  return shown;
}

function shownNodes() {
  const nodes = [];
  for (let number = 0; number < run.steps.length; ) {
    const node = shownNode(number);
    nodes.push(node);
    number = lastStep(node) + 1;
  }
  return nodes;
}

function pathOf(node) {
  const labels = [];
  for (let parent = node.parent; parent && parent !== root; parent = parent.parent) {
    labels.unshift(parent.group.label);
  }
  return labels.join(" › ");
}

// ---- where the reader is -------------------------------------------------------------------------

let here = 0;  // a step
let chosen = {};  // by the number of a step: the index of the element whose numbers are shown
let query = "";

function go(number) {
  here = Math.max(0, Math.min(run.steps.length - 1, number));
  history.replaceState(null, "", `#step=${here}`);
  render();
}

function move(by) {
  const nodes = shownNodes();
  const now = nodes.indexOf(shownNode(here));
  const next = nodes[Math.max(0, Math.min(nodes.length - 1, now + by))];
  go(firstStep(next));
}

function setFolds(isOpen) {
  for (const group of groups) group.isOpen = isOpen || group.kind === "backward";
  render();
}

function labelOf(node) {
  if (node.group) return node.group.label;
  return node.step.kind === "update" ? nameOf(run.values[node.step.output]) : node.step.name;
}

function matches(node) {
  const words = node.step
    ? [node.step.name, ...node.step.inputs.map((i) => run.values[i].name), lineOf(node.step)]
    : [node.group.label];
  return words.join(" ").toLowerCase().includes(query);
}

function lineOf(step) {
  return step.places.map(([file, line]) => {
    const listing = run.files[file];
    return listing.lines[line - listing.first] || "";
  }).join(" ");
}

// By verdict, the gravest first: the class of its mark, the mark, and the key of its words.
const VERDICTS = {
  wrong: ["cross", "✗", "wrong"], kink: ["wave", "≈", "kink"],
  right: ["tick", "✓", "right"], open: ["wave", "–", "unchecked"],
};

function verdictMark(step) {
  const verdicts = step.leaving.map((leaving) => leaving.check.verdict);
  const gravest = Object.keys(VERDICTS).find((verdict) => verdicts.includes(verdict));
  if (!gravest || gravest === "open") return null;
  const [kind, mark, key] = VERDICTS[gravest];
  return make("span", { class: kind, title: say(key) }, mark);
}

function renderOutline() {
  const outline = $("outline");
  outline.replaceChildren();
  const shown = shownNode(here);
  const addRows = (node, depth) => {
    for (const child of node.children) {
      const isGroup = Boolean(child.group);
      const kind = isGroup ? "group" : child.step.kind;
      const label = labelOf(child);
      const twist = make("button", {
        class: "twist", "aria-label": label,
        onclick: (event) => {
          event.stopPropagation();
          child.group.isOpen = !child.group.isOpen;
          render();
        },
      }, isGroup ? (child.group.isOpen ? "▾" : "▸") : "");
      const target = isGroup ? null : run.values[child.step.output];
      outline.append(make("div", {
        class: `row ${kind}${child === shown ? " here" : ""}${query && !matches(child) ? " miss" : ""}`,
        style: `padding-left: ${6 + 13 * depth}px`, role: "treeitem",
        onclick: () => go(firstStep(child)),
      }, isGroup ? twist : make("span", { class: "twist" }), make("span", { class: "label" }, label),
      isGroup ? null : verdictMark(child.step),
      target ? make("span", { class: "shape" }, shapeText(target)) : null));
      if (isGroup && child.group.isOpen) addRows(child, depth + 1);
    }
  };
  addRows(root, 0);
  const row = outline.querySelector(".here");
  if (row) reveal(row, $("outline").parentElement);
}

function reveal(element, frame) {
  const inner = element.getBoundingClientRect();
  const outer = frame.getBoundingClientRect();
  if (inner.top < outer.top + 40 || inner.bottom > outer.bottom - 20) {
    frame.scrollTop += inner.top - outer.top - outer.height / 2;
  }
}

// ---- values --------------------------------------------------------------------------------------

function shapeText(value) {
  return value.shape.length ? `(${value.shape.join(", ")})` : "";
}

function nameOf(value) {
  if (value.name) return value.name;
  if (value.source != null) {
    const step = run.steps[value.source];
    const leaving = step.leaving.find((one) => [one.value, one.total].includes(value.id));
    if (!leaving) return step.name;
    const target = leaving.target == null ? null : run.values[leaving.target];
    return `∂ ${target ? nameOf(target) : `${say("input")} ${leaving.input}`}`;
  }
  if (value.parameter) return say("parameter");
  return value.shape.length ? say("input") : say("constant");
}

function color(x, largest) {
  if (!Number.isFinite(x)) return "rgb(128, 128, 128)";
  const strength = largest ? Math.min(1, Math.abs(x) / largest) : 0;
  const tone = getComputedStyle(document.documentElement).getPropertyValue(x < 0 ? "--minus" : "--plus");
  return `rgba(${tone}, ${(0.95 * strength).toFixed(3)})`;
}

function isStrong(x, largest) {
  return Math.abs(x) > 0.6 * largest;
}

function largestOf(value) {
  let largest = 0;
  for (const x of value.elements) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
  return largest;
}

function isTable(value) {
  const rows = value.kept.length > 1 ? value.kept[value.kept.length - 2] : 1;
  const columns = value.kept.length ? value.kept[value.kept.length - 1] : 1;
  return value.kept.length <= 2 && rows <= 10 && columns <= 8 && value.isWhole;
}

function table(value, options) {
  const columns = value.shape.length ? value.shape[value.shape.length - 1] : 1;
  const largest = largestOf(value);
  const body = make("table");
  let row;
  value.elements.forEach((x, position) => {
    if (position % columns === 0) body.append((row = make("tr")));
    const index = indexOf(value, position);
    const cell = make("td", {
      style: `background: ${color(x, largest)}${isStrong(x, largest) ? "; color: var(--strong)" : ""}`,
      onclick: () => choose(index, options),
      class: isChosen(index, value, options) ? "chosen" : null,
    }, format(x));
    attachTip(cell, () => tipText(value, index, options));
    row.append(cell);
  });
  return body;
}

// Where an array is drawn: pictures (N, H, W, C) as tiles, those of an image together; other arrays
// of more axes than two as one matrix above the other; a vector as lines of 32.
function layoutOf(value) {
  const kept = value.kept;
  if (kept.length === 4) {
    const [images, rows, columns, channels] = kept;
    const across = Math.max(1, Math.min(channels, Math.floor(66 / (columns + 1))));
    const lines = Math.ceil(channels / across);
    return {
      width: across * (columns + 1) - 1,
      height: images * (lines * (rows + 1) + 1) - 2,
      place: ([n, i, j, c]) => [
        n * (lines * (rows + 1) + 1) + Math.floor(c / across) * (rows + 1) + i,
        (c % across) * (columns + 1) + j,
      ],
    };
  }
  if (kept.length >= 2) {
    const [rows, columns] = kept.slice(-2);
    const gap = kept.length > 2 ? 1 : 0;
    const above = (index) => index.slice(0, -2).reduce((sum, i, axis) => sum * kept[axis] + i, 0);
    return {
      width: columns,
      height: product(kept.slice(0, -2)) * (rows + gap) - gap,
      place: (index) => [above(index) * (rows + gap) + index.at(-2), index.at(-1)],
    };
  }
  const width = Math.min(kept[0], 32);
  return {
    width, height: Math.ceil(kept[0] / width), place: ([i]) => [Math.floor(i / width), i % width],
  };
}

function heatMap(value, options) {
  const { width, height, place } = layoutOf(value);
  const canvas = make("canvas", { width, height });
  const scale = Math.max(1, Math.min(14, Math.floor(360 / width) || 1));
  canvas.style.width = `${width * Math.max(scale, width < 200 ? 2 : 1)}px`;
  const pen = canvas.getContext("2d");
  const largest = largestOf(value);
  const indexAt = new Map();
  value.elements.forEach((x, position) => {
    const index = indexOf(value, position);
    const [row, column] = place(index);
    pen.fillStyle = color(x, largest);
    pen.fillRect(column, row, 1, 1);
    indexAt.set(row * width + column, index);
  });
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * width);
    const row = Math.floor(((event.clientY - box.top) / box.height) * height);
    return indexAt.get(row * width + column);
  };
  attachTip(canvas, (event) => {
    const index = under(event);
    return index ? tipText(value, index, options) : "";
  });
  canvas.addEventListener("click", (event) => {
    const index = under(event);
    if (index) choose(index, options);
  });
  return canvas;
}

function tipText(value, index, options) {
  const slope = options.slopes && options.slopes[positionOf(value, index)];
  const more = slope === undefined || slope === "" ? "" : `   ${say("slope")}: ${format(slope)}`;
  return `[${index.join(", ")}] = ${format(at(value, index))}${more}`;
}

function positionOf(value, index) {
  return index.reduce((position, i, axis) => position * value.shape[axis] + i, 0);
}

function attachTip(element, text) {
  element.addEventListener("mousemove", (event) => {
    const words = text(event);
    $("tip").hidden = !words;
    $("tip").textContent = words;
    const left = Math.min(event.clientX + 14, window.innerWidth - $("tip").offsetWidth - 6);
    $("tip").style.left = `${left}px`;
    $("tip").style.top = `${event.clientY + 16}px`;
  });
  element.addEventListener("mouseleave", () => ($("tip").hidden = true));
}

function isChosen(index, value, options) {
  const now = chosen[here];
  return Boolean(options.choose && now && String(now) === String(index));
}

function choose(index, options) {
  if (!options.choose) return;
  chosen[here] = index;
  render();
}

function figuresText(value) {
  const figures = value.figures;
  const parts = [];
  if (figures && figures.min !== undefined && !isTable(value)) {
    parts.push(`${format(figures.min)} … ${format(figures.max)}, ∅ ${format(figures.mean)} ± ${format(figures.std)}`);
  }
  if (figures && figures.nan) parts.push(`NaN/∞: ${figures.nan}`);
  if (!value.isWhole) parts.push(`${say("kept")} ${value.kept.join(" × ")} ${say("of")} ${value.shape.join(" × ")}`);
  return parts.join(" · ");
}

function valueBox(id, title = "", options = {}) {
  const value = run.values[id];
  const head = make("div", { class: "head" });
  if (title) head.append(`${title} `);
  head.append(make("b", {}, nameOf(value)), ` ${shapeText(value)} `);
  head.append(make("span", { class: "path" }, value.dtype));
  if (value.source != null && value.source !== here) {
    head.append(" ", make("button", { class: "from", onclick: () => go(value.source) }, `← ${say("step")} ${value.source}`));
  }
  const box = make("div", { class: "value" }, head);
  const grid = make("div", { class: "grid" });
  if (value.elements.length) grid.append(isTable(value) ? table(value, options) : heatMap(value, options));
  box.append(grid);
  const note = figuresText(value);
  if (note) box.append(make("div", { class: "note" }, note));
  return box;
}

// ---- formulas with numbers -----------------------------------------------------------------------

// A number as a factor: negative ones in parentheses.
function factor(x) {
  const text = format(x);
  return text.startsWith("−") ? `(${text})` : text;
}

function filled(template, step, index) {
  const element = (id) => factor(at(run.values[id], index));
  return template.replace(/\{(\w)\}/g, (_, name) => {
    if (name === "y") return element(step.output);
    if (name === "g") return element(step.incoming);
    return element(step.inputs[Number(name)]);
  });
}

function symbols(template) {
  const letters = ["a", "b", "c"];
  return template.replace(/\{(\w)\}/g, (_, name) => (/\d/.test(name) ? letters[Number(name)] : name));
}

// a · b + a · b + …, of the first elements along an axis
function productsText(pairs, count, more = []) {
  const terms = pairs.slice(0, 5).map(([a, b]) => `${factor(a)} · ${factor(b)}`);
  if (count > 5) terms.push(`… (${count})`);
  return [...terms, ...more].join(" + ").replaceAll("+ −", "− ");
}

function range(count) {
  return Array.from({ length: Math.min(count, 6) }, (_, i) => i);
}

function matrixText(step, index) {
  const [a, b, c] = step.inputs.map((id) => run.values[id]);
  const before = index.slice(0, -2);
  const [i, j] = [index[index.length - 2], index[index.length - 1]];
  if (a.shape.length < 2 || b.shape.length < 2) return "";
  const count = a.shape[a.shape.length - 1];
  const pairs = range(count).map((k) => [at(a, [...before, i, k]), at(b, [...before, k, j])]);
  return productsText(pairs, count, c ? [format(at(c, [j]))] : []);
}

function matrixRuleText(step, input, index) {
  const [a, b] = step.inputs.map((id) => run.values[id]);
  const g = run.values[step.incoming];
  if (a.shape.length !== 2 || b.shape.length !== 2) return "";
  const [p, q] = index;
  if (input === 0) {
    const count = b.shape[1];
    return productsText(range(count).map((j) => [at(g, [p, j]), at(b, [q, j])]), count);
  }
  const count = a.shape[0];
  if (input === 1) return productsText(range(count).map((i) => [at(a, [i, p]), at(g, [i, q])]), count);
  const terms = range(count).slice(0, 5).map((i) => format(at(g, [i, p])));
  return [...terms, ...(count > 5 ? [`… (${count})`] : [])].join(" + ").replaceAll("+ −", "− ");
}

function reducedText(step, index) {
  const x = run.values[step.inputs[0]];
  const y = run.values[step.output];
  if (y.shape.length) return "";
  const shown = Array.from(x.elements.slice(0, 6)).map(format);
  const count = product(x.shape);
  const text = shown.join(" + ").replaceAll("+ −", "− ") + (count > 6 ? ` + … (${count})` : "");
  return run.ops[step.op].formula.kind === "mean" ? `(${text}) / ${count}` : text;
}

function callText(step) {
  const names = step.inputs.map((id) => nameOf(run.values[id]));
  const settings = Object.entries(step.settings).map(([name, value]) => `${name}=${value}`);
  return `${step.name}(${[...names, ...settings].join(", ")})`;
}

function formulaOfOp(step, index) {
  const formula = run.ops[step.op].formula;
  const box = make("div", { class: "formula" });
  const line = (text, kind = "") => text && box.append(make("div", { class: kind }, text));
  line(callText(step), "plain");
  if (!formula) return box;
  const place = index.length ? `[${index.join(", ")}]` : "";
  const y = format(at(run.values[step.output], index));
  const spell = { matmul: matrixText, linear: matrixText, sum: reducedText, mean: reducedText }[formula.kind];
  line(`y${place} = ${symbols(formula.text)}`);
  const numbers = spell ? spell(step, index) : filled(formula.text, step, index);
  if (numbers) line(`${"\u2007".repeat(1 + place.length)} = ${numbers} = ${y}`);
  return box;
}

function formulaOfRule(step, leaving) {
  const formula = run.ops[step.op].formula;
  const value = run.values[leaving.value];
  const text = formula && formula.rules[leaving.input];
  if (!text) return null;
  const index = validIndex(chosen[here], value);
  const place = index.length ? `[${index.join(", ")}]` : "";
  const letter = ["a", "b", "c"][leaving.input];
  const name = formula.kind === "linear" ? ["x", "w", "b"][leaving.input] : letter;
  const box = make("div", { class: "formula" }, make("div", {}, `∂${name}${place} = ${symbols(text)}`));
  const shape = String(value.shape);
  const fits = step.output != null && shape === String(run.values[step.output].shape);
  let numbers = "";
  if (formula.kind === "elementwise" && fits) numbers = filled(text, step, index);
  if (formula.kind === "matmul" || formula.kind === "linear") numbers = matrixRuleText(step, leaving.input, index);
  if (numbers) box.append(make("div", {}, `\u2007\u2007= ${numbers} = ${format(at(value, index))}`));
  return box;
}

// ---- the card of a step --------------------------------------------------------------------------

function validIndex(index, value) {
  const fits = index && index.length === value.shape.length && index.every((i, axis) => i < value.kept[axis]);
  return fits ? index : value.shape.map(() => 0);
}

function heading(text) {
  return make("h3", {}, text);
}

function boxes(...children) {
  return make("div", { class: "values" }, ...children);
}

function cardOfOp(step) {
  const output = run.values[step.output];
  const index = validIndex(chosen[here], output);
  if (output.elements.length) chosen[here] = index;
  return [
    heading(say("formula")), formulaOfOp(step, index),
    heading(say("inputs")), boxes(...step.inputs.map((id) => valueBox(id))),
    heading(say("output")), boxes(valueBox(step.output, "", { choose: true })),
    codeOf(step),
  ];
}

function verdictLine(check) {
  const [kind, mark, key] = VERDICTS[check.verdict];
  return make("div", { class: "verdict" }, make("span", { class: kind }, `${mark} ${say(key)}`),
    check.verdict === "right" ? null : make("span", { class: "path" }, ` ${check.text}`));
}

function cardOfGradient(step) {
  const parts = [];
  if (step.forward != null) {
    parts.push(make("button", { class: "from path", onclick: () => go(step.forward) }, `${say("op")}: ${say("step")} ${step.forward}`));
  }
  parts.push(heading(say("incoming")), boxes(valueBox(step.incoming)));
  if (run.values[step.incoming].source == null) parts.push(make("div", { class: "path" }, say("start")));
  parts.push(heading(say("rule")));
  for (const rule of run.ops[step.op].rules) parts.push(make("pre", { class: "rule" }, rule));
  parts.push(heading(say("leaving")));
  for (const leaving of step.leaving) {
    const slopes = leaving.check.slopes;
    const box = valueBox(leaving.value, "", { choose: true, slopes });
    const formula = formulaOfRule(step, leaving);
    if (formula) box.prepend(formula);
    box.append(verdictLine(leaving.check));
    parts.push(boxes(box));
    if (leaving.total != null) {
      parts.push(heading(say("added")), boxes(valueBox(leaving.earlier), valueBox(leaving.total, say("total"))));
    }
  }
  if (step.inputs.length) parts.push(heading(say("inputs")), boxes(...step.inputs.map((id) => valueBox(id))));
  if (step.output != null) parts.push(heading(say("output")), boxes(valueBox(step.output)));
  return parts;
}

function cardOfUpdate(step) {
  const [before, gradient, ...state] = step.inputs;
  const after = run.values[step.output];
  const index = validIndex(chosen[here], after);
  chosen[here] = index;
  const [a, b] = [at(run.values[before], index), at(after, index)];
  const place = index.length ? `[${index.join(", ")}]` : "";
  const settings = Object.entries(step.settings).map(([name, value]) => `${name} = ${value}`).join(", ");
  return [
    heading(say("formula")),
    make("div", { class: "formula" }, make("div", { class: "plain" }, settings),
      make("div", {}, `p${place}: ${format(a)} → ${format(b)}   (${say("change")} ${format(b - a)})`)),
    make("pre", { class: "rule" }, run.ops[step.op].code),
    heading(say("before")), boxes(valueBox(before), valueBox(gradient)),
    state.length ? heading(say("state")) : null, state.length ? boxes(...state.map((id) => valueBox(id))) : null,
    heading(say("after")), boxes(valueBox(step.output, "", { choose: true })),
  ];
}

function codeOf(step) {
  const code = run.ops[step.op].code;
  return code && make("details", {}, make("summary", {}, say("code")), make("pre", { class: "rule" }, code));
}

// A folded group: what goes into it and what comes out.
function cardOfGroup(node) {
  const [first, last] = [firstStep(node), lastStep(node)];
  const isInside = (number) => number != null && number >= first && number <= last;
  const goesIn = new Set();
  const used = new Set();
  run.steps.forEach((step, number) => {
    const ids = [...step.inputs, step.incoming].filter((id) => id != null);
    for (const id of ids) {
      const isMade = isInside(run.values[id].source);
      if (isInside(number) && !isMade && step.kind !== "gradient") goesIn.add(id);
      if (isInside(number) && !isMade && id === step.incoming) goesIn.add(id);
      if (!isInside(number) && isMade) used.add(id);
    }
  });
  run.values.forEach((value, id) => value.source === last && used.add(id));
  return [
    make("button", { onclick: () => { node.group.isOpen = true; render(); } }, say("open")),
    make("span", { class: "path" }, ` ${last - first + 1} ${say("holds")}`),
    heading(say("inputs")), boxes(...[...goesIn].map((id) => valueBox(id))),
    heading(say("output")), boxes(...[...used].map((id) => valueBox(id))),
  ];
}

function renderCard() {
  const card = $("card");
  const node = shownNode(here);
  const label = labelOf(node);
  const kind = node.step ? say(node.step.kind) : say("group");
  card.replaceChildren(
    make("div", { class: "path" }, pathOf(node)),
    make("h2", {}, label, make("span", { class: "kind" }, kind)),
  );
  if (!node.step) return card.append(...cardOfGroup(node));
  card.append(make("p", { class: "says path" }, run.ops[node.step.op].says));
  const cards = { op: cardOfOp, gradient: cardOfGradient, update: cardOfUpdate };
  card.append(...cards[node.step.kind](node.step).filter(Boolean));
}

function renderCode() {
  const code = $("code");
  code.replaceChildren();
  for (const [file, line] of run.steps[here].places) {
    const listing = run.files[file];
    const block = make("pre");
    listing.lines.forEach((text, i) => {
      const number = listing.first + i;
      block.append(make("span", { class: `l${number === line ? " here" : ""}`, "data-n": number }, text || " "));
    });
    block.style.maxHeight = run.steps[here].places.length > 1 ? "46vh" : "80vh";
    block.style.overflowY = "auto";
    code.append(make("p", { class: "file" }, `${listing.name}:${line}`), block);
    const marked = block.querySelector(".here");
    if (marked) block.scrollTop = marked.offsetTop - block.offsetTop - 90;
  }
}

// ---- the graph -----------------------------------------------------------------------------------

// Boxes for what is shown of the forward steps, and for parameters and inputs; edges between them.
function graphOf() {
  const boxes = new Map();
  const edges = [];
  const boxOfValue = (id) => {
    const value = run.values[id];
    if (value.source == null) {
      if (!value.shape.length && !value.parameter && !value.name) return null;
      if (!boxes.has(`v${id}`)) boxes.set(`v${id}`, { label: nameOf(value), value, before: [] });
      return boxes.get(`v${id}`);
    }
    return run.steps[value.source].kind === "op" ? boxOfStep(value.source) : null;
  };
  const boxOfStep = (number) => {
    const node = shownNode(number);
    const key = `s${firstStep(node)}`;
    if (!boxes.has(key)) {
      const label = node.step ? node.step.name : node.group.label;
      boxes.set(key, { label, node, number: firstStep(node), before: [] });
    }
    return boxes.get(key);
  };
  run.steps.forEach((step, number) => {
    if (step.kind !== "op") return;
    const box = boxOfStep(number);
    for (const id of step.inputs) {
      const source = boxOfValue(id);
      if (source && source !== box && !box.before.includes(source)) {
        box.before.push(source);
        edges.push([source, box]);
      }
    }
  });
  return { boxes: [...boxes.values()], edges };
}

function layOut(boxes) {
  const depthOf = (box) => {
    if (box.depth === undefined) {
      box.depth = 0;
      box.depth = box.before.length ? 1 + Math.max(...box.before.map(depthOf)) : 0;
    }
    return box.depth;
  };
  boxes.forEach(depthOf);
  for (const box of boxes) {  // parameters stand right above what reads them
    if (box.value) {
      const readers = boxes.filter((other) => other.before.includes(box)).map((other) => other.depth);
      if (readers.length) box.depth = Math.min(...readers) - 1;
    }
  }
  const rows = [];
  for (const box of boxes) (rows[box.depth] ||= []).push(box);
  for (const row of rows.filter(Boolean)) {
    const middle = (box) => box.before.length ? box.before.reduce((sum, b) => sum + (b.x || 0), 0) / box.before.length : (box.value ? 1e6 : 0);
    row.sort((a, b) => middle(a) - middle(b));
    row.forEach((box) => (box.width = Math.max(46, 8 * box.label.length + 14)));
    let x = 0;
    for (const box of row) {
      box.x = x + box.width / 2;
      x += box.width + 16;
    }
    row.forEach((box) => (box.x -= x / 2));
    row.forEach((box) => (box.y = 24 + 54 * box.depth));
  }
}

function renderGraph() {
  const frame = $("graph");
  if (frame.hidden) return;
  const { boxes, edges } = graphOf();
  layOut(boxes);
  const left = Math.min(...boxes.map((box) => box.x - box.width / 2)) - 8;
  const right = Math.max(...boxes.map((box) => box.x + box.width / 2)) + 8;
  const bottom = Math.max(...boxes.map((box) => box.y)) + 30;
  const svg = draw("svg", { viewBox: `${left} 0 ${right - left} ${bottom}`, width: right - left, height: bottom });
  const step = run.steps[here];
  const isBack = step.kind === "gradient";
  const current = isBack ? step.forward : here;
  const target = step.kind === "update" ? step.inputs[0] : null;
  const back = run.steps.slice(0, here + 1).filter((s) => s.kind === "gradient" && s.forward != null);
  const done = new Set(back.map((s) => shownNode(s.forward)));
  const isHere = (box) => box.node
    ? current != null && run.steps[current].kind === "op" && shownNode(current) === box.node
    : target != null && run.values[target] === box.value;
  for (const [from, to] of edges) {
    const middle = (from.y + to.y) / 2;
    const kind = isHere(to) ? (isBack ? "back" : "here") : "";
    svg.append(draw("path", {
      class: kind,
      d: `M${from.x},${from.y + 13} C${from.x},${middle} ${to.x},${middle} ${to.x},${to.y - 13}`,
    }));
  }
  let marked = null;
  for (const box of boxes) {
    const isDone = box.node && done.has(box.node);
    const kind = `box${box.value ? " leaf" : ""}${isDone ? " done" : ""}${isHere(box) ? " here" : ""}`;
    const shape = draw("rect", {
      class: kind, x: box.x - box.width / 2, y: box.y - 13, width: box.width, height: 26, rx: 6,
      onclick: () => box.node && go(box.number),
    });
    const text = draw("text", { x: box.x, y: box.y + 4, "text-anchor": "middle", "pointer-events": "none" }, box.label);
    svg.append(shape, text);
    if (isHere(box)) marked = shape;
  }
  frame.replaceChildren(svg);
  if (marked) reveal(marked, frame.parentElement);
}

// ---- all of it -----------------------------------------------------------------------------------

function render() {
  $("title").textContent = run.title;
  $("language").textContent = say("other");
  $("search").placeholder = say("search");
  $("show-outline").textContent = say("outline");
  $("show-graph").textContent = say("graph");
  $("fold").textContent = say("fold");
  $("unfold").textContent = say("unfold");
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  if (!run.steps.length) return $("card").replaceChildren(say("nothing"));
  $("slider").max = run.steps.length - 1;
  $("slider").value = here;
  $("count").textContent = `${here + 1} / ${run.steps.length}`;
  renderOutline();
  renderCard();
  renderCode();
  renderGraph();
}

function show(part) {
  $("outline").hidden = part !== "outline";
  $("graph").hidden = part !== "graph";
  $("show-outline").setAttribute("aria-selected", part === "outline");
  $("show-graph").setAttribute("aria-selected", part === "graph");
  render();
}

$("first").onclick = () => go(0);
$("last").onclick = () => go(run.steps.length - 1);
$("previous").onclick = () => move(-1);
$("next").onclick = () => move(1);
$("slider").oninput = (event) => go(Number(event.target.value));
$("fold").onclick = () => setFolds(false);
$("unfold").onclick = () => setFolds(true);
$("show-outline").onclick = () => show("outline");
$("show-graph").onclick = () => show("graph");
$("language").onclick = () => { language = language === "zh" ? "en" : "zh"; render(); };
$("theme").onclick = () => { document.documentElement.classList.toggle("dark"); render(); };
$("search").oninput = (event) => {
  query = event.target.value.toLowerCase();
  render();
};
$("search").onkeydown = (event) => {
  if (event.key === "Escape") event.target.blur();
  if (event.key !== "Enter" || !query) return;
  const found = leaves.filter((node) => matches(node));
  const next = found.find((node) => node.number > here) || found[0];
  if (next) go(next.number);
};
document.addEventListener("keydown", (event) => {
  if (event.target.tagName === "INPUT" && event.target.type === "search") return;
  const moves = { ArrowLeft: () => move(-1), ArrowRight: () => move(1), Home: () => go(0), End: () => go(run.steps.length - 1), "/": () => $("search").focus() };
  if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  moves[event.key]();
});
if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.classList.add("dark");
const start = /step=(\d+)/.exec(location.hash);
here = start ? Math.min(run.steps.length - 1, Number(start[1])) : 0;
show("outline");
