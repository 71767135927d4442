/** The decision as it was signed: to keep, and to check without this server. */
import { Button, Group, Text } from '@mantine/core';
import { Download } from 'lucide-react';
import { useGet } from '@/api/hooks';
import { CodeBlock } from '@/ui/code-block';
import { CopyButton } from '@/ui/copy';
import { saveAs } from '@/ui/download';
import { JsonView } from '@/ui/json-view';
import { Section } from '@/ui/page';
import { claimsOf } from './words';

export function Receipt({ id, receipt }: { id: string; receipt: string }) {
  const keys = useGet('/.well-known/bellwire-keys.json', { topics: [] });
  const key = keys.data?.keys[0]?.public_key;
  const claims = claimsOf(receipt);
  const name = `${id}.receipt.txt`;
  const download = () => saveAs(new Blob([receipt], { type: 'text/plain' }), name);
  return (
    <Section
      title="Receipt"
      aside={
        <Group gap={6}>
          <CopyButton text={receipt} label="Copy" />
          <Button variant="default" leftSection={<Download size={13} />} onClick={download}>
            Download
          </Button>
        </Group>
      }
    >
      {claims && <JsonView value={claims} label="What the receipt says" />}
      {key && (
        <>
          <Text c="dimmed" mt="xs" mb={6}>
            Signed by this server. Anyone can check it offline:
          </Text>
          <CodeBlock code={`bellwire approvals verify-receipt ${name} --key ${key}`} label="Command" />
        </>
      )}
    </Section>
  );
}
