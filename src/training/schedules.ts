export type ScheduleName = 'constant' | 'linear' | 'cosine' | 'one-cycle'

export type SchedulePlan = { readonly stepCount: number; readonly warmupSteps: number }

/** After the warm-up: the factor at `progress`, from 0 at its end to 1 past the last step. */
const decays: Readonly<Record<ScheduleName, (progress: number) => number>> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
  'one-cycle': (progress) => 1e-4 + (1 - 1e-4) * ((1 + Math.cos(Math.PI * progress)) / 2),
}

/**
 * The factor on the learning rate at update `step` (from 0). All schedules rise over the warm-up: linearly, or, for
 * one-cycle (Smith 2018, https://arxiv.org/abs/1803.09820), from 1/25 along a cosine. Always above 0.
 */
export function scheduleFactor(name: ScheduleName, step: number, { stepCount, warmupSteps }: SchedulePlan): number {
  if (step < warmupSteps) {
    const rise = (step + 1) / warmupSteps
    return name === 'one-cycle' ? 1 / 25 + (1 - 1 / 25) * ((1 - Math.cos(Math.PI * rise)) / 2) : rise
  }
  return decays[name]((step - warmupSteps) / Math.max(1, stepCount - warmupSteps))
}
