import { Worker } from 'node:worker_threads'

/**
 * Starts a module of this program in a worker thread. `entry` is its path without extension, relative to the module
 * whose `import.meta.url` is `from`.
 */
export function startWorker(entry: string, from: string, workerData: unknown): Worker {
  // The compiler rewrites import specifiers but no URLs: the entry has the extension of the module that asks.
  if (!from.endsWith('.ts')) return new Worker(new URL(`${entry}.js`, from), { workerData })
  // Sources run through tsx (tests, development). Node 20 ignores --import in a worker's execArgv, so the worker itself
  // registers the loader.
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const source = JSON.stringify(new URL(`${entry}.ts`, from).href)
  const bootstrap = `import(${loader}).then(({ register }) => { register(); return import(${source}) })`
  return new Worker(bootstrap, { eval: true, workerData })
}
