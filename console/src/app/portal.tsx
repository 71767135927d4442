/** Where a portal link leads: what a tenant is given, for one namespace only. */
import { Text, Title } from '@mantine/core';
import { Navigate, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Wordmark } from './logo';
import { useSessionState } from './session';
import { Home, Splash } from './shell';
import { spendLink } from './takelink';

export default function Portal() {
  const { known, logIn } = useSessionState();
  const navigate = useNavigate();
  const [link] = useState(spendLink);
  const [failed, setFailed] = useState(false);
  const asked = known.state !== 'loading';

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as soon as it is known who asks
  useEffect(() => {
    if (!asked || link === null) return;
    logIn({ link }).then(
      () => void navigate({ to: '/', replace: true }),
      () => setFailed(true),
    );
  }, [asked]);

  if (!asked || (link !== null && !failed)) return <Splash />;
  if (!failed && known.state === 'in') return known.session.portal ? <Home /> : <Navigate to="/" replace />;
  return (
    <main className="bw-alone">
      <div className="bw-note">
        <Wordmark />
        <Title order={1} mt="md">
          This link is over
        </Title>
        <Text c="dimmed" mt={4}>
          It has ended or was taken back. Ask whoever sent it for another.
        </Text>
      </div>
    </main>
  );
}
