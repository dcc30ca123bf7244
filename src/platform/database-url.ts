/** The server of a store, of which only the environment knows: it holds a password. Undefined means the embedded database. */
export function databaseUrlOf({ DATABASE_URL: url }: NodeJS.ProcessEnv = process.env): string | undefined {
  return url ? url : undefined
}
