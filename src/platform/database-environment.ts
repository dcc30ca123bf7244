/** The server of a store, of which only the environment knows: it holds a password. Undefined means the embedded database. */
export function databaseUrlOf({ DATABASE_URL: url }: NodeJS.ProcessEnv = process.env): string | undefined {
  return url ? url : undefined
}

/** Where an empty database is kept to be copied into new projects, for who makes many of them. */
export function templateFolderOf(
  { CAPSTAN_DATABASE_TEMPLATE: folder }: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return folder ? folder : undefined
}
