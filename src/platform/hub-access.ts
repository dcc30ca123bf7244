/** The variables that the hub's own tools read. */
export function hubAccess({ HF_ENDPOINT: hubUrl, HF_TOKEN: accessToken }: NodeJS.ProcessEnv = process.env) {
  return { ...(hubUrl ? { hubUrl } : {}), ...(accessToken ? { accessToken } : {}) }
}
