/** Sessions over base models whose adapters are inputs: see docs/decisions/020-separate-adapters.md. */
import { adapterFeeds, adapterForm, loadAdapter, openAdaptedModel } from '../encoders/index.ts'
import { encodeModel } from '../onnx/index.ts'
import { openSession, type Session, type SessionOptions } from '../runtime/index.ts'

/** Opens adapters; those of one base and form run in one session, which ends with the last of them. */
export type AdaptedBases = {
  /** A session that is this adapter's model; releasing it leaves the base to the others. */
  open(folder: string, baseFolder: string): Promise<Session>
}

type SharedBase = { session: Promise<Session>; users: number }

export function createAdaptedBases(options: SessionOptions): AdaptedBases {
  const bases = new Map<string, SharedBase>()
  return {
    async open(folder, baseFolder) {
      const adapter = await loadAdapter(folder)
      const key = adapterForm(adapter.config)
      const base = bases.get(key) ?? { session: openBase(), users: 0 }
      bases.set(key, base)
      base.users++
      const leave = () => {
        base.users--
        if (base.users === 0) bases.delete(key)
        return base.users === 0
      }
      const session = await base.session.catch((error) => {
        leave()
        throw error
      })
      const fed = adapterFeeds(adapter)
      return {
        ...session,
        inputNames: session.inputNames.filter((name) => !(name in fed)),
        run: (feeds, outputs) => session.run({ ...fed, ...feeds }, outputs),
        async release() {
          if (leave()) await session.release()
        },
      }

      async function openBase(): Promise<Session> {
        return openSession(encodeModel(await openAdaptedModel(baseFolder, adapter.config)), options)
      }
    },
  }
}
