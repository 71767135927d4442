import { fields } from '@/app/search';

/** Nothing but the cursor of the namespaces. */
export const settingsSearch = fields({});
