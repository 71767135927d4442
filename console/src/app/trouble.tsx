/** Pages for what should not happen: no such page, and a page that broke. */
import { Button, Code, Group, Text, Title } from '@mantine/core';
import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { ApiError } from '@/api/problem';
import { ProblemAlert } from '@/ui/problem-alert';

export function NotFound() {
  return (
    <div className="bw-alone">
      <div className="bw-note">
        <Title order={1}>No such page</Title>
        <Text c="dimmed" mt={4} mb="md">
          The link is wrong, or what it leads to is not of this workspace.
        </Text>
        <Button component={Link} to="/" variant="default">
          To the first page
        </Button>
      </div>
    </div>
  );
}

export function Broken({ error, reset }: ErrorComponentProps) {
  if (error instanceof ApiError) {
    return (
      <div className="bw-page">
        <ProblemAlert error={error} retry={reset} />
      </div>
    );
  }
  // A page of an older build, whose files are gone since the server was replaced.
  const replaced = /dynamically imported module|Importing a module script failed/i.test(String(error));
  return (
    <div className="bw-alone">
      <div className="bw-note" role="alert">
        <Title order={1}>{replaced ? 'The console was updated' : 'This page broke'}</Title>
        <Text c="dimmed" mt={4} mb="md">
          {replaced ? 'Load it again to go on.' : 'Nothing was lost: pages only show what the server keeps.'}
        </Text>
        {!replaced && (
          <Code block mb="md">
            {String(error)}
          </Code>
        )}
        <Group gap="xs">
          <Button onClick={() => window.location.reload()}>Load again</Button>
          {!replaced && (
            <Button variant="default" onClick={reset}>
              Try again
            </Button>
          )}
        </Group>
      </div>
    </div>
  );
}
