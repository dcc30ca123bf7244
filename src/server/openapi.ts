import type { OpenAPIHono } from '@hono/zod-openapi'
import { type Environment, problemReplies, type Route } from './route.ts'

/** GET /openapi.json: the document of all routes added to `hono`, this one included. */
export function createDocumentRoute(hono: OpenAPIHono<Environment>, version: string): Route {
  let document: object | null = null
  return {
    method: 'get',
    path: '/openapi.json',
    operationId: 'getDocument',
    summary: 'This document',
    tags: ['operation'],
    access: 'any-key',
    responses: {
      200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
      ...problemReplies(),
    },
    handle(context) {
      document ??= hono.getOpenAPI31Document({
        openapi: '3.1.0',
        info: {
          title: 'Capstan',
          version,
          description:
            'Predictions by the models a team owns. Errors are problem details (RFC 9457) with a stable `code`.',
          license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
        },
        servers: [{ url: '/' }],
        tags: [{ name: 'predictions' }, { name: 'tasks' }, { name: 'models' }, { name: 'operation' }],
      })
      return context.json(document)
    },
  }
}
