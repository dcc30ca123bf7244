export { composePlan } from './compose-plan.ts'
export type { Block, PlanDocument, Section } from './document.ts'
export { renderText } from './render-text.ts'
export { writeDocument } from './write-document.ts'
