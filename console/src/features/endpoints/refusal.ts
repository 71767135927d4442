import type { ApiError } from '@/api/problem';

/** A refusal to be shown below a form: none where each fault is said at its field already. */
export function withoutFields(error: ApiError | null): ApiError | null {
  return error && Object.keys(error.fields).length > 0 ? null : error;
}
