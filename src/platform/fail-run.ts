import { CapstanError } from '../base/index.ts'
import type { Run, Usage } from '../contracts/index.ts'
import type { PlatformContext } from './create-platform.ts'

/** Records that a run has failed, and books what it used all the same. */
export async function failRun(
  { registry, ledger, config }: PlatformContext,
  { run, usage, error }: { run: Run; usage: Usage; error: unknown },
): Promise<void> {
  const code = error instanceof CapstanError ? error.code : 'internal'
  const message = error instanceof Error ? error.message : String(error)
  const failed = await registry.finishRun(run.id, { status: 'failed', usage, error: { code, message } })
  await ledger.postRunCost({ run: failed, rates: config.rates })
}
