/** A secret that is shown once. */
import { Text } from '@mantine/core';
import { CopyButton } from './copy';

export function SecretOnce({
  secret,
  what,
  children,
}: {
  secret: string /** `signing secret` */;
  what: string;
  children?: React.ReactNode;
}) {
  return (
    <section className="bw-secret" aria-label={`The ${what}`}>
      <Text fw={600}>This {what} is shown once</Text>
      <Text c="dimmed">{children ?? 'Keep it where your service reads it. It cannot be shown again.'}</Text>
      <div className="bw-secret-line">
        <code data-secret>{secret}</code>
        <CopyButton text={secret} label="Copy" />
      </div>
    </section>
  );
}
