/** As whom one is here, and until when. */
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { LogOut } from 'lucide-react';
import { useMay, useSession, useSessionState } from '@/app/session';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { Section } from '@/ui/page';
import { Countdown, Time } from '@/ui/time';

export function SessionSection() {
  const { me, expires_at, read_only } = useSession();
  const { logOut } = useSessionState();
  const may = useMay();
  return (
    <Section
      title="Your session"
      aside={
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<LogOut size={13} />}
          onClick={() => void logOut()}
        >
          Log out
        </Button>
      }
    >
      <Facts
        facts={[
          ['Workspace', me.name],
          ['Workspace id', <Id key="workspace" id={me.workspace_id} />],
          [
            'Key',
            may('keys:manage') ? (
              <Link key="key" to={'/keys' as never} search={{ open: me.key_id } as never}>
                {me.key_name}
              </Link>
            ) : (
              me.key_name
            ),
          ],
          ['Kind', me.kind],
          ['Namespace', me.namespace ?? 'every one'],
          [
            'May',
            <span key="may" className="bw-none">
              {me.permissions.join(', ')}
            </span>,
          ],
          ['Changes', read_only ? 'none: this session only looks' : null],
          [
            'Ends',
            <span key="ends">
              <Time at={expires_at} as="second" />{' '}
              <span className="bw-none">
                in <Countdown until={expires_at} over="a moment" />
              </span>
            </span>,
          ],
        ]}
      />
    </Section>
  );
}
