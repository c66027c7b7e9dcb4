import { escapeHtml } from './sanitize.js';
import type { Lane, Point, Span, Timeline, Tone } from './timeline.js';
import { count } from './words.js';

const rowHeight = 22;
const barHeight = 16;
const headHeight = 34;
const groupHeight = 20;
const labelWidth = 92;
const widthMin = 1_000;
const widthMax = 6_000;
const pointWidth = 26;
const rowsMax = 8;
const tickDistance = 74;
/** Roughly the width of a character of the labels. */
const characterWidth = 6.2;

export interface DrawnTimeline {
  /** The column of lane names, and the drawing itself; both have the same rows. */
  readonly labels: string;
  readonly drawing: string;
}

/**
 * Draws a timeline as two SVG elements without styles or scripts of their own; classes carry the colours. Time
 * is not to scale: every instant at which something happens gets some room, idle stretches are shortened.
 */
export function drawTimeline(
  timeline: Timeline,
  violation: { readonly atMs: number; readonly label: string },
): DrawnTimeline {
  const scale = createScale(timeline, violation.atMs);
  const rows = layOut(timeline.lanes, scale);
  const height = rows.height + 8;
  const x = scale.at(violation.atMs);
  const drawing = [
    `<svg class="drawing" width="${round(scale.width)}" height="${height}" viewBox="0 0 ${round(scale.width)} ${height}" role="img" aria-label="${escapeHtml(summary(timeline, violation))}">`,
    ...axis(scale, height),
    ...rows.lanes.flatMap((row) => drawLane(row, scale)),
    `<g class="violation"><title>${escapeHtml(violation.label)}</title>`,
    `<line x1="${round(x)}" x2="${round(x)}" y1="16" y2="${height}"/>`,
    `<text x="${round(x + (x > scale.width - 140 ? -6 : 6))}" y="12" text-anchor="${x > scale.width - 140 ? 'end' : 'start'}">${escapeHtml(violation.label)}</text></g>`,
    '</svg>',
  ];
  const labels = [
    `<svg class="labels" width="${labelWidth}" height="${height}" viewBox="0 0 ${labelWidth} ${height}" aria-hidden="true">`,
    ...rows.lanes.flatMap((row) => [
      `<text class="lane" x="${labelWidth - 8}" y="${row.top + 13}" text-anchor="end">${escapeHtml(row.lane.name, 14)}</text>`,
    ]),
    '</svg>',
  ];
  return { labels: labels.join(''), drawing: drawing.join('') };
}

function summary(timeline: Timeline, violation: { atMs: number; label: string }): string {
  const groups = new Set(timeline.lanes.map((lane) => lane.group));
  return `Timeline of ${count(timeline.lanes.length, 'lane')} (${[...groups].join(', ')}); ${violation.label} at ${seconds(violation.atMs)}. The events are listed below.`;
}

interface Scale {
  readonly width: number;
  readonly instants: readonly number[];
  at(ms: number): number;
}

/** Maps times to pixels: the room between two instants grows with the logarithm of the time between them. */
function createScale(timeline: Timeline, violationMs: number): Scale {
  const times = new Set([timeline.startMs, timeline.endMs, violationMs]);
  for (const lane of timeline.lanes) {
    for (const span of lane.spans) times.add(span.fromMs).add(span.toMs);
    for (const point of lane.points) times.add(point.atMs);
  }
  const instants = [...times].sort((left, right) => left - right);
  const weights = instants.map((ms, index) =>
    index === 0 ? 0 : 1 + 2 * Math.log1p((ms - instants[index - 1]!) / 20),
  );
  const total = Math.max(
    1,
    weights.reduce((sum, weight) => sum + weight, 0),
  );
  const width = Math.min(widthMax, Math.max(widthMin, total * 6));
  const unit = (width - 2 * pointWidth) / total;
  const positions: number[] = [];
  let position = pointWidth;
  for (const weight of weights) positions.push((position += weight * unit));
  const byTime = new Map(instants.map((ms, index) => [ms, positions[index]!]));
  return { width, instants, at: (ms) => byTime.get(ms) ?? pointWidth };
}

interface PlacedLane {
  readonly lane: Lane;
  readonly top: number;
  readonly height: number;
  /** Set on the first lane of its group. */
  readonly heading: string | undefined;
  readonly spans: readonly { readonly item: Span; readonly row: number }[];
  readonly points: readonly { readonly item: Point; readonly row: number }[];
}

function layOut(lanes: readonly Lane[], scale: Scale): { lanes: PlacedLane[]; height: number } {
  let top = headHeight;
  let group = '';
  const placed = lanes.map((lane) => {
    const heading = lane.group === group ? undefined : lane.group;
    group = lane.group;
    if (heading !== undefined) top += groupHeight;
    const spans = place(lane.spans, (span) => [scale.at(span.fromMs), scale.at(span.toMs)]);
    const isBeside = lane.spans.length > 0;
    // Points on bars stay on the bars; alone they are moved apart so that all can be read.
    const points = isBeside
      ? lane.points.map((item) => ({ item, row: 0 }))
      : place(lane.points, (point) => [
          scale.at(point.atMs) - pointWidth / 2,
          scale.at(point.atMs) + pointWidth / 2,
        ]);
    const rows = 1 + Math.max(0, ...spans.map(({ row }) => row), ...points.map(({ row }) => row));
    const result = { lane, top, height: rows * rowHeight, heading, spans, points };
    top += result.height + 2;
    return result;
  });
  return { lanes: placed, height: top };
}

/** Gives each item the first row in which it covers no other; beyond the last row they share it. */
function place<Item>(
  items: readonly Item[],
  extent: (item: Item) => [number, number],
): { item: Item; row: number }[] {
  const ends: number[] = [];
  return items.map((item) => {
    const [from, to] = extent(item);
    let row = ends.findIndex((end) => end <= from + 0.5);
    if (row === -1) row = Math.min(ends.length, rowsMax - 1);
    ends[row] = Math.max(to, ends[row] ?? 0);
    return { item, row };
  });
}

function axis(scale: Scale, height: number): string[] {
  const parts: string[] = [];
  let lastX = -tickDistance;
  for (const ms of scale.instants) {
    const x = scale.at(ms);
    if (x - lastX < tickDistance || x > scale.width - 20) continue;
    lastX = x;
    parts.push(
      `<line class="tick" x1="${round(x)}" x2="${round(x)}" y1="${headHeight}" y2="${height}"/>`,
      `<text class="tick" x="${round(x)}" y="${headHeight - 6}" text-anchor="middle">${seconds(ms)}</text>`,
    );
  }
  return parts;
}

function drawLane(row: PlacedLane, scale: Scale): string[] {
  const parts: string[] = [];
  if (row.heading !== undefined) {
    parts.push(
      `<line class="group" x1="0" x2="${round(scale.width)}" y1="${row.top - groupHeight + 2}" y2="${row.top - groupHeight + 2}"/>`,
      `<text class="group" x="4" y="${row.top - 5}">${escapeHtml(row.heading, 80)}</text>`,
    );
  }
  for (const { item, row: index } of row.spans)
    parts.push(drawSpan(item, row.top + index * rowHeight, scale));
  for (const { item, row: index } of row.points) {
    const onBar = row.spans.length > 0;
    parts.push(drawPoint(item, row.top + index * rowHeight, scale, onBar));
  }
  return parts;
}

function drawSpan(span: Span, top: number, scale: Scale): string {
  const x = scale.at(span.fromMs);
  const width = Math.max(3, scale.at(span.toMs) - x - 1);
  const room = Math.floor((width - 8) / characterWidth);
  const label = span.label.length <= room ? span.label : room >= 4 ? `${span.label.slice(0, room - 1)}…` : '';
  const text = label === '' ? '' : `<text x="${round(x + 4)}" y="${top + 13}">${escapeHtml(label)}</text>`;
  const title = `${span.title} (${seconds(span.fromMs)} – ${seconds(span.toMs)})`;
  return `<g class="span ${toneClass(span.tone)}"><title>${escapeHtml(title, 300)}</title><rect x="${round(x)}" y="${top + 1}" width="${round(width)}" height="${barHeight}" rx="3"/>${text}</g>`;
}

function drawPoint(point: Point, top: number, scale: Scale, onBar: boolean): string {
  const x = scale.at(point.atMs);
  const title = `<title>${escapeHtml(`${seconds(point.atMs)}: ${point.title}`, 300)}</title>`;
  const open = `<g class="point ${toneClass(point.tone)}">${title}`;
  if (point.label === '')
    return `${open}<circle cx="${round(x)}" cy="${top + 9}" r="${onBar ? 3.5 : 4.5}"/></g>`;
  const half = Math.max(9, (point.label.length * characterWidth) / 2 + 3);
  return `${open}<rect x="${round(x - half)}" y="${top + 1}" width="${round(2 * half)}" height="${barHeight}" rx="8"/><text x="${round(x)}" y="${top + 13}" text-anchor="middle">${escapeHtml(point.label)}</text></g>`;
}

function toneClass(tone: Tone): string {
  return `tone-${tone}`;
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(3))} s`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
