import type { StreamedRequest } from './flywheel.ts'

const [width, height, margin] = [900, 420, 60]
const windowSize = 250

/** An SVG of the share that the own model answers and of its agreement, over windows of the stream. */
export function drawTakeOver(requests: readonly StreamedRequest[]): string {
  const windows = Array.from({ length: Math.ceil(requests.length / windowSize) }, (_, i) =>
    requests.slice(i * windowSize, (i + 1) * windowSize),
  )
  const x = (i: number) => margin + ((i + 0.5) * (width - 2 * margin)) / windows.length
  const y = (share: number) => height - margin - share * (height - 2 * margin)
  const line = (values: readonly (number | null)[], colour: string) => {
    const points = values.flatMap((value, i) => (value === null ? [] : [`${x(i).toFixed(1)},${y(value).toFixed(1)}`]))
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(' ')}"/>`
  }
  const shares = windows.map((window) => window.filter(({ own }) => own).length / window.length)
  const agreements = windows.map((window) => {
    const own = window.filter(({ own }) => own)
    return own.length < 10 ? null : own.filter(({ right }) => right).length / own.length
  })
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 0.95, 1].map(
    (share) =>
      `<line x1="${margin}" x2="${width - margin}" y1="${y(share)}" y2="${y(share)}" stroke="#ddd"/><text x="${margin - 8}" y="${y(share) + 4}" text-anchor="end">${Math.round(100 * share)} %</text>`,
  )
  const counts = windows.flatMap((_, i) =>
    i % 4 === 3
      ? [`<text x="${x(i)}" y="${height - margin + 18}" text-anchor="middle">${(i + 1) * windowSize}</text>`]
      : [],
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...ticks,
    ...counts,
    line(shares, '#1a6fb5'),
    line(agreements, '#c2571a'),
    `<text x="${margin}" y="24" fill="#1a6fb5">answered by the own model</text>`,
    `<text x="${margin + 200}" y="24" fill="#c2571a">its agreement with the teacher</text>`,
    `<text x="${width / 2}" y="${height - 12}" text-anchor="middle">requests</text>`,
    '</svg>',
    '',
  ].join('\n')
}
