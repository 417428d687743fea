import { type Method, methods, policyMethods, titles } from './methods.js';
import type { BenchResults, Speedup, Step } from './results.js';
import { geometricMean, geometricMeanSteps } from './series.js';

/** One diagram: curves of the searches on the left, final builds on the right. */
export interface Panel {
  readonly title: string;
  readonly curves: Readonly<Partial<Record<Method, readonly Step[]>>>;
  readonly finals: Readonly<Partial<Record<Method, Speedup>>>;
  /** The last trial on the axis. */
  readonly trials: number;
}

const colours: Readonly<Record<Method, string>> = {
  stock: '#7f7f7f',
  pgo: '#1f77b4',
  cspgo: '#17becf',
  thinlto: '#8c564b',
  random: '#bcbd22',
  genetic: '#2ca02c',
  ensemble: '#9467bd',
  expert: '#d62728',
};

const plot = { left: 52, right: 400, top: 30, bottom: 250 };
const strip = { left: 425, right: 600 };
const [width, height] = [615, 285];

/** A document without references: all diagrams as inline SVG. */
export function chartDocument(results: BenchResults): string {
  const legend = methods
    .map((method) => `<span><i style="background:${colours[method]}"></i>${titles[method]}</span>`)
    .join(' ');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>AutoPass benchmark</title>
<style>
body { font: 14px system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
figure { display: inline-block; margin: 0 1em 1em 0 }
span { margin-right: 1em } i { display: inline-block; width: 1em; height: 1em; margin-right: .3em; vertical-align: -.1em }
text { font: 11px system-ui, sans-serif; fill: #444 }
</style></head><body>
<h1>Speedup over plain clang -O3</h1>
<p>${escaped(results.machine)}. Left: best known after so many measured trials, on tune inputs. Right: final builds of all
methods in one measurement, on check inputs. Bands and bars are 95 % intervals.</p>
<p>${legend}</p>
${panelsOf(results)
  .map((panel) => `<figure>${svg(panel)}</figure>`)
  .join('\n')}
</body></html>
`;
}

/** The geometric mean, where there are several addons, and every addon. */
export function panelsOf({ addons }: BenchResults): Panel[] {
  const records = Object.entries(addons);
  const panels = records.map(([title, { sessions, final }]): Panel => {
    const curves = Object.fromEntries(Object.entries(sessions).map(([policy, { steps }]) => [policy, steps]));
    const trials = Math.max(1, ...Object.values(sessions).map((session) => session.trials));
    return { title, curves, finals: final?.speedups ?? {}, trials };
  });
  return panels.length > 1 ? [meanPanel(panels), ...panels] : panels;
}

function meanPanel(panels: readonly Panel[]): Panel {
  const curves: Partial<Record<Method, readonly Step[]>> = {};
  const finals: Partial<Record<Method, Speedup>> = {};
  for (const method of policyMethods) {
    const series = panels.flatMap((panel) => (panel.curves[method] ? [panel.curves[method]] : []));
    if (series.length > 0) curves[method] = geometricMeanSteps(series);
  }
  for (const method of methods) {
    const mean = geometricMean(panels.flatMap((panel) => panel.finals[method] ?? []));
    if (mean !== undefined) finals[method] = mean;
  }
  const trials = Math.max(...panels.map((panel) => panel.trials));
  return { title: `geometric mean of ${panels.length} addons`, curves, finals, trials };
}

/** One diagram as an SVG element. */
export function svg(panel: Panel): string {
  const [low, high] = rangeOf(panel);
  const y = (ratio: number): number =>
    plot.bottom - ((clamp(ratio, low, high) - low) / (high - low)) * (plot.bottom - plot.top);
  const x = (trial: number): number => plot.left + (trial / panel.trials) * (plot.right - plot.left);
  const parts = [
    `<text x="${plot.left}" y="18" style="font-weight:bold;font-size:13px">${escaped(panel.title)}</text>`,
    ...grid(low, high, y),
    ...[0, 0.25, 0.5, 0.75, 1].map((part) => {
      const trial = Math.round(part * panel.trials);
      return `<text x="${x(trial)}" y="${plot.bottom + 15}" text-anchor="middle">${trial}</text>`;
    }),
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 30}" text-anchor="middle">measured trials</text>`,
    `<text x="${(strip.left + strip.right) / 2}" y="${plot.bottom + 30}" text-anchor="middle">final builds</text>`,
  ];
  for (const method of methods) {
    const steps = panel.curves[method];
    if (steps !== undefined) parts.push(...curve(method, steps, panel.trials, x, y));
  }
  const shown = methods.filter((method) => panel.finals[method] !== undefined);
  for (const [at, method] of shown.entries()) {
    const middle = strip.left + ((at + 0.5) / shown.length) * (strip.right - strip.left);
    const speedup = panel.finals[method];
    if (speedup !== undefined) parts.push(...bar(method, speedup, middle, y));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img">\n${parts.join('\n')}\n</svg>`;
}

function curve(
  method: Method,
  steps: readonly Step[],
  trials: number,
  x: (trial: number) => number,
  y: (ratio: number) => number,
): string[] {
  const line = corners(steps, trials, ({ ratio }) => ratio);
  const above = corners(steps, trials, ({ ci }) => ci[1]);
  const below = corners(steps, trials, ({ ci }) => ci[0]).reverse();
  const path = (points: readonly (readonly [number, number])[]): string =>
    points.map(([trial, ratio]) => `${x(trial).toFixed(1)},${y(ratio).toFixed(1)}`).join(' ');
  const colour = colours[method];
  return [
    `<polygon points="${path([...above, ...below])}" fill="${colour}" opacity="0.12"/>`,
    `<polyline points="${path(line)}" fill="none" stroke="${colour}" stroke-width="2"><title>${titles[method]}</title></polyline>`,
  ];
}

/** A staircase through the steps, up to the last trial. */
function corners(
  steps: readonly Step[],
  trials: number,
  heightOf: (step: Step) => number,
): (readonly [number, number])[] {
  return steps.flatMap((step, at) => {
    const end = steps[at + 1]?.trial ?? trials;
    return [[step.trial, heightOf(step)] as const, [end, heightOf(step)] as const];
  });
}

function bar(method: Method, { ratio, ci }: Speedup, x: number, y: (ratio: number) => number): string[] {
  const [colour, title] = [colours[method], `${titles[method]} ${ratio.toFixed(3)}`];
  return [
    `<line x1="${x}" x2="${x}" y1="${y(ci[0])}" y2="${y(ci[1])}" stroke="${colour}" stroke-width="2"/>`,
    `<circle cx="${x}" cy="${y(ratio)}" r="4" fill="${colour}"><title>${title}</title></circle>`,
  ];
}

function grid(low: number, high: number, y: (ratio: number) => number): string[] {
  const step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((size) => (high - low) / size <= 8) ?? 2;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, at) => (first + at) * step).flatMap((ratio) => [
    `<line x1="${plot.left}" x2="${strip.right}" y1="${y(ratio)}" y2="${y(ratio)}" stroke="${Math.abs(ratio - 1) < 1e-9 ? '#888' : '#e4e4e4'}"/>`,
    `<text x="${plot.left - 6}" y="${y(ratio) + 4}" text-anchor="end">${ratio.toFixed(step < 0.01 ? 3 : 2)}</text>`,
  ]);
}

/** Of the values, with a margin, and 1 always inside; intervals may be cut off. */
function rangeOf({ curves, finals }: Panel): readonly [number, number] {
  const ratios = [
    ...Object.values(curves).flatMap((steps) => steps.map(({ ratio }) => ratio)),
    ...Object.values(finals).map(({ ratio }) => ratio),
  ];
  const [low, high] = [Math.min(1, ...ratios), Math.max(1, ...ratios)];
  const margin = Math.max(0.01, (high - low) * 0.15);
  return [low - margin, high + margin];
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
