import { fields, oneOf, text } from '@/app/search';

export const policiesSearch = fields({ namespace: text() });
/** Which version is looked at; the one in force if absent. */
export const policySearch = fields({ version: text() });
/** From which version the draft starts, and how it is edited. */
export const editSearch = fields({ from: text(), as: oneOf('json'), try: oneOf('replay') });
