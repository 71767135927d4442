import { Button, Text } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import type { ApiError } from '@/api/problem';

/** What the server refused, in its words, and every field that is wrong. */
export function ProblemAlert({ error, retry }: { error: ApiError | null | undefined; retry?: () => void }) {
  if (!error) return null;
  const fields = Object.entries(error.fields);
  return (
    <div className="bw-problem" role="alert">
      <TriangleAlert size={15} strokeWidth={1.75} aria-hidden />
      <div>
        <Text fw={600}>{error.title}</Text>
        <Text>{error.detail}</Text>
        {fields.length > 0 && (
          <ul>
            {fields.map(([field, detail]) => (
              <li key={field}>
                <code>{field}</code> {detail}
              </li>
            ))}
          </ul>
        )}
        <Text size="xs" className="bw-problem-foot">
          <code>{error.code}</code>
          {error.requestId && (
            <>
              {' '}
              · request <code>{error.requestId}</code>
            </>
          )}
          {error.retryAfterS !== null && <> · try again in {error.retryAfterS} s</>}
        </Text>
        {retry && (
          <Button variant="default" mt={8} onClick={retry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** What is wrong with one field, for the `error` of an input. Finds `retry.schedule[0]` by `retry.schedule`, too. */
export function fieldError(error: ApiError | null | undefined, field: string): string | undefined {
  if (!error) return undefined;
  const found = Object.entries(error.fields).find(
    ([name]) => name === field || name.startsWith(`${field}.`) || name.startsWith(`${field}[`),
  );
  return found?.[1];
}
