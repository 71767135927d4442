/** What the server answers when it refuses (RFC 9457), and what we say when it does not answer at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** The HTTP status; 0 if there was no answer. */
    readonly status: number,
    /** The stable code, such as `validation_failed`; `unreachable` if there was no answer. */
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    /** What is wrong with which field, by the field's path. */
    readonly fields: Readonly<Record<string, string>> = {},
    readonly requestId: string | null = null,
    readonly retryAfterS: number | null = null,
  ) {
    super(detail || title);
  }
}

interface ProblemBody {
  title?: string;
  code?: string;
  detail?: string;
  request_id?: string | null;
  errors?: { field: string; detail: string }[];
}

/** The error that a refusing answer tells. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body = await readProblem(response);
  const fields = Object.fromEntries((body.errors ?? []).map(({ field, detail }) => [field, detail]));
  const wait = Number(response.headers.get('Retry-After'));
  return new ApiError(
    response.status,
    body.code ?? `http_${response.status}`,
    body.title ?? (response.statusText || 'Refused'),
    body.detail ?? `The server answered ${response.status}.`,
    fields,
    body.request_id ?? response.headers.get('X-Request-Id'),
    Number.isFinite(wait) && wait > 0 ? wait : null,
  );
}

async function readProblem(response: Response): Promise<ProblemBody> {
  if (!response.headers.get('Content-Type')?.includes('json')) return {};
  try {
    return (await response.json()) as ProblemBody;
  } catch {
    return {};
  }
}

/** Any thrown thing as an `ApiError`. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiError(0, 'unreachable', 'No answer', `The server could not be reached. ${detail}`.trim());
}
