/**
 * The factor on the learning rate at update `step` (from 0) of `stepCount`: linear warm-up over `warmupSteps`, then
 * linear decay to zero.
 */
export function linearSchedule(
  step: number,
  { stepCount, warmupSteps }: { stepCount: number; warmupSteps: number },
): number {
  return Math.max(
    0,
    Math.min((step + 1) / Math.max(1, warmupSteps), (stepCount - step) / Math.max(1, stepCount - warmupSteps)),
  )
}
