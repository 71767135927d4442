/** A new endpoint's or a rotation's secret, and code that uses it. */
import { Text } from '@mantine/core';
import { CodeTabs } from '@/ui/code';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { Section } from '@/ui/page';
import { SecretOnce } from '@/ui/secret';
import type { Endpoint } from './form';
import { HMAC_HANDLERS } from './handler';
import { ED25519_HANDLERS } from './handler-ed25519';

/** Dialects that carry a signature of their own, made with the secret, whatever signs the standard headers. */
const SIGNED_BY_SECRET = ['trove', 'trovefiles', 'paygraph', 'pacspace', 'keystore'];

export function needsSecret({ signing, dialect }: Pick<Endpoint, 'signing' | 'dialect'>): boolean {
  return signing === 'hmac' || SIGNED_BY_SECRET.includes(dialect);
}

export function SecretStep({ endpoint, secret }: { endpoint: Endpoint; secret: string }) {
  return (
    <>
      {needsSecret(endpoint) ? (
        <SecretOnce secret={secret} what="signing secret">
          Put it where the handler reads it, such as WEBHOOK_SECRET. It cannot be shown again; rotating makes
          a new one.
        </SecretOnce>
      ) : (
        <Facts facts={[['Public key', <Id key="key" id={endpoint.public_key ?? ''} />]]} />
      )}
      {endpoint.kind === 'push' && <HandlerCode endpoint={endpoint} />}
    </>
  );
}

export function HandlerCode({ endpoint }: { endpoint: Pick<Endpoint, 'signing' | 'dialect'> }) {
  return (
    <Section title="A handler that verifies">
      <Text c="dimmed" mb={8}>
        {endpoint.signing === 'ed25519'
          ? 'It reads the public key from WEBHOOK_PUBLIC_KEY and checks the signature over the raw body.'
          : 'It reads the secret from WEBHOOK_SECRET and checks the signature over the raw body.'}
        {!['standard', 'cloudevents'].includes(endpoint.dialect) &&
          ' The Standard Webhooks headers come in every dialect, beside the dialect’s own.'}
      </Text>
      <CodeTabs
        snippets={endpoint.signing === 'ed25519' ? ED25519_HANDLERS : HMAC_HANDLERS}
        label="Handler"
      />
    </Section>
  );
}
