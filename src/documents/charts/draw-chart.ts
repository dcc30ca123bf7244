/**
 * Charts as vectors: straight-edged paths and words, without a library. The same marks become SVG and PDF; paths have only
 * M, L and Z, so that they can also be filled by `raster.ts`.
 */
import { formatAmount } from '../format.ts'
import type { Chart } from './chart.ts'

export type Mark =
  | { kind: 'path'; d: string; fill?: string; stroke?: string; strokeWidth?: number; opacity?: number }
  | {
      kind: 'words'
      x: number
      y: number
      words: string
      size: number
      anchor: 'start' | 'middle' | 'end'
      fill: string
    }

export type Drawing = { width: number; height: number; title: string; marks: Mark[] }

const colours = ['#1f5fa8', '#c8642b', '#4b8b3b', '#7a4fa0'] as const
const ink = '#222222'
const faint = '#d9dde2'
const grey = '#6b7280'
const small = 9

type Frame = { left: number; right: number; top: number; bottom: number }
type Scale = (value: number) => number

const size = { width: 640, height: 260 }

export function drawChart(chart: Chart): Drawing {
  const title: Mark = words({ x: 0, y: 12, words: `${chart.title} (${chart.unit})`, size: 11, fill: ink })
  const body = drawBody(chart)
  return { width: size.width, height: body.height, title: chart.title, marks: [title, ...body.marks] }
}

function drawBody(chart: Chart): { height: number; marks: Mark[] } {
  switch (chart.kind) {
    case 'bands':
      return drawBands(chart)
    case 'lines':
      return drawLines(chart)
    case 'spans':
      return drawSpans(chart)
    case 'bars':
      return drawBars(chart)
  }
}

function drawBands({ labels, series }: Chart & { kind: 'bands' }) {
  const frame: Frame = { left: 56, right: size.width - 10, top: 40, bottom: size.height - 24 }
  const values = series.flatMap(({ p10, p90 }) => [...p10, ...p90])
  const last = Math.max(1, labels.length - 1)
  const x: Scale = (t) => frame.left + (t / last) * (frame.right - frame.left)
  const axis = drawValueAxis(values, frame)
  const step = Math.max(1, Math.ceil(labels.length / 7))
  const months = labels.flatMap((label, t) =>
    t % step === 0 ? [words({ x: x(t), y: frame.bottom + 14, words: label, anchor: 'middle' })] : [],
  )
  const bands = series.flatMap(({ p10, p50, p90 }, i): Mark[] => {
    const colour = colours[i % colours.length] as string
    const above = p90.map((value, t) => [x(t), axis.y(value)] as const)
    const below = p10.map((value, t) => [x(t), axis.y(value)] as const).reverse()
    return [
      { kind: 'path', d: `${toPath([...above, ...below])} Z`, fill: colour, opacity: 0.18 },
      line(
        p50.map((value, t) => [x(t), axis.y(value)] as const),
        colour,
      ),
    ]
  })
  const names = series.map(({ name }) => `${name}: median, P10 to P90`)
  return { height: size.height, marks: [...axis.marks, ...months, ...bands, ...drawLegend(names, frame)] }
}

function drawLines({ x: xs, xUnit, series, marks = [] }: Chart & { kind: 'lines' }) {
  const frame: Frame = { left: 56, right: size.width - 10, top: 40, bottom: size.height - 36 }
  const [low, high] = [Math.min(...xs), Math.max(...xs)]
  const x: Scale = (value) => frame.left + ((value - low) / (high - low || 1)) * (frame.right - frame.left)
  const axis = drawValueAxis(
    series.flatMap(({ y }) => [...y]),
    frame,
  )
  const ticks = chooseTicks(low, high).map((value) =>
    words({ x: x(value), y: frame.bottom + 14, words: formatAmount(value), anchor: 'middle' }),
  )
  const lines = series.map(({ y }, i) =>
    line(
      y.map((value, j) => [x(xs[j] as number), axis.y(value)] as const),
      colours[i % colours.length] as string,
    ),
  )
  const named = marks.flatMap(({ x: at, name }, i): Mark[] => [
    {
      kind: 'path',
      d: `M ${round(x(at))} ${frame.top} L ${round(x(at))} ${frame.bottom}`,
      stroke: grey,
      strokeWidth: 0.8,
    },
    words({ x: x(at) + 3, y: frame.top + 9 + 11 * i, words: name }),
  ])
  return {
    height: size.height,
    marks: [
      ...axis.marks,
      ...ticks,
      words({ x: (frame.left + frame.right) / 2, y: frame.bottom + 28, words: xUnit, anchor: 'middle' }),
      ...lines,
      ...named,
      ...drawLegend(
        series.map(({ name }) => name),
        frame,
      ),
    ],
  }
}

const rowHeight = 20
const labelWidth = 190

function drawSpans({ centre, spans }: Chart & { kind: 'spans' }) {
  const frame: Frame = { left: labelWidth, right: size.width - 56, top: 24, bottom: 24 + rowHeight * spans.length }
  const x = scaleBetween(
    spans.flatMap(({ low, high }) => [low, high, centre]),
    frame,
  )
  const rows = spans.flatMap(({ name, low, high }, i): Mark[] => {
    const y = frame.top + rowHeight * i
    const [left, right] = [Math.min(low, high), Math.max(low, high)]
    return [
      words({ x: labelWidth - 60, y: y + 13, words: name, anchor: 'end' }),
      { kind: 'path', d: box(x(left), y + 3, x(right), y + rowHeight - 3), fill: colours[0], opacity: 0.75 },
      words({ x: x(left) - 4, y: y + 13, words: formatAmount(left), anchor: 'end' }),
      words({ x: x(right) + 4, y: y + 13, words: formatAmount(right) }),
    ]
  })
  const middle: Mark = {
    kind: 'path',
    d: `M ${round(x(centre))} ${frame.top} L ${round(x(centre))} ${frame.bottom}`,
    stroke: ink,
    strokeWidth: 0.8,
  }
  return { height: frame.bottom + 8, marks: [...rows, middle] }
}

function drawBars({ groups, bars }: Chart & { kind: 'bars' }) {
  const thickness = 9
  const row = thickness * groups.length + 8
  const frame: Frame = { left: labelWidth, right: size.width - 56, top: 40, bottom: 40 + row * bars.length }
  const x = scaleBetween([0, ...bars.flatMap(({ values }) => [...values])], frame)
  const marks = bars.flatMap(({ name, values }, i): Mark[] => {
    const top = frame.top + row * i
    return [
      words({ x: labelWidth - 8, y: top + row / 2 + 1, words: name, anchor: 'end' }),
      ...values.flatMap((value, k): Mark[] => {
        const y = top + 2 + thickness * k
        const [left, right] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))]
        return [
          { kind: 'path', d: box(left, y, right, y + thickness - 1), fill: colours[k % colours.length] as string },
          words({ x: right + 4, y: y + thickness - 1, words: formatAmount(value), size: 8 }),
        ]
      }),
    ]
  })
  return { height: frame.bottom + 8, marks: [...marks, ...drawLegend(groups, frame)] }
}

/** Lines across at round values, and the scale they stand on; 0 is in it. */
function drawValueAxis(values: readonly number[], frame: Frame): { y: Scale; marks: Mark[] } {
  const ticks = chooseTicks(Math.min(0, ...values), Math.max(0, ...values))
  const [low, high] = [Math.min(0, ...values, ...ticks), Math.max(0, ...values, ...ticks)]
  const y: Scale = (value) => frame.bottom - ((value - low) / (high - low || 1)) * (frame.bottom - frame.top)
  const marks = ticks.flatMap((value): Mark[] => [
    {
      kind: 'path',
      d: `M ${frame.left} ${round(y(value))} L ${frame.right} ${round(y(value))}`,
      stroke: value === 0 ? grey : faint,
      strokeWidth: value === 0 ? 1 : 0.6,
    },
    words({ x: frame.left - 5, y: y(value) + 3, words: formatAmount(value), anchor: 'end' }),
  ])
  return { y, marks }
}

function drawLegend(names: readonly string[], { left }: Frame): Mark[] {
  let at = left
  return names.flatMap((name, i): Mark[] => {
    const start = at
    at += 24 + 5.2 * name.length
    return [
      { kind: 'path', d: box(start, 22, start + 12, 30), fill: colours[i % colours.length] as string },
      words({ x: start + 16, y: 30, words: name }),
    ]
  })
}

function scaleBetween(values: readonly number[], { left, right }: Frame): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return (value) => left + ((value - low) / (high - low || 1)) * (right - left)
}

/** About five round numbers between two: steps of 1, 2 or 5 times a power of ten. */
export function chooseTicks(low: number, high: number): number[] {
  if (!(high > low)) return [low]
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) as number)
  const first = Math.ceil(low / step - 1e-9)
  const count = Math.floor(high / step + 1e-9) - first
  return Array.from({ length: count + 1 }, (_, i) => (first + i) * step || 0)
}

function line(points: readonly (readonly [number, number])[], stroke: string): Mark {
  return { kind: 'path', d: toPath(points), stroke, strokeWidth: 1.8 }
}

function toPath(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'} ${round(x)} ${round(y)}`).join(' ')
}

function box(left: number, top: number, right: number, bottom: number): string {
  return `${toPath([
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ])} Z`
}

function words(mark: {
  x: number
  y: number
  words: string
  size?: number
  anchor?: 'start' | 'middle' | 'end'
  fill?: string
}): Mark {
  const { x, y, words, size = small, anchor = 'start', fill = grey } = mark
  return { kind: 'words', x: round(x), y: round(y), words, size, anchor, fill }
}

function round(value: number): number {
  return Math.round(100 * value) / 100
}
