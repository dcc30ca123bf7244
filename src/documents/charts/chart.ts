/** What a chart shows; how it is drawn is in draw-chart.ts. */
export type Chart = { title: string; unit: string } & (
  | {
      /** Quantiles along months: a band from P10 to P90 with the median in it. */
      kind: 'bands'
      labels: readonly string[]
      series: readonly { name: string; p10: readonly number[]; p50: readonly number[]; p90: readonly number[] }[]
    }
  | {
      kind: 'lines'
      xUnit: string
      x: readonly number[]
      series: readonly { name: string; y: readonly number[] }[]
      /** Vertical lines that are named. */
      marks?: readonly { x: number; name: string }[]
    }
  /** A bar for each name from low to high, about a centre: a tornado. */
  | { kind: 'spans'; centre: number; spans: readonly { name: string; low: number; high: number }[] }
  /** Bars beside each other for each name. */
  | { kind: 'bars'; groups: readonly string[]; bars: readonly { name: string; values: readonly number[] }[] }
)
