import { fields, text } from '@/app/search';

export const deadLetterSearch = fields({
  endpoint: text(),
  namespace: text(),
  type: text(),
  q: text(),
  since: text(),
  until: text(),
});
