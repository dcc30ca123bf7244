import { ConflictError } from '../base/index.ts'
import type { Config } from '../contracts/index.ts'

export type AuthMode = Config['server']['auth']

/** Whether requests need a key. A key that was revoked still counts: losing the last one must not open the server. */
export function isKeyRequired(mode: AuthMode, keyCount: number): boolean {
  return mode === 'required' || (mode === 'auto' && keyCount > 0)
}

/** Throws ConflictError `access.open-server` where other machines could ask without a key, and nobody said that they may. */
export function checkBind({ host, mode, keyCount }: { host: string; mode: AuthMode; keyCount: number }): void {
  if (mode === 'off' || isKeyRequired(mode, keyCount) || isLoopback(host)) return
  throw new ConflictError(
    'access.open-server',
    `There is no API key yet, so whoever reaches ${host} could ask this server`,
    {
      hint: 'Make a key first: capstan keys create --name <name>. Or write server: { auth: off } into capstan.yaml.',
    },
  )
}

/** Names are taken literally: what another name stands for may change. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
