/** The frame of a page, so that all have their title, their actions and their width alike. */
import { Group, Skeleton, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

export interface PageProps {
  title: string;
  /** Instead of the title, where it is more than text. */
  heading?: ReactNode;
  /** One sentence below the title. */
  about?: ReactNode;
  /** Where one came from, above the title. */
  above?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, heading, about, above, actions, children }: PageProps) {
  useDocumentTitle(`${title} · Bellwire`);
  return (
    <div className="bw-page">
      {above && <div className="bw-above">{above}</div>}
      <Group justify="space-between" align="flex-start" gap="sm" className="bw-page-head">
        <div className="bw-page-title">
          <Title order={1}>{heading ?? title}</Title>
          {about && <div className="bw-about">{about}</div>}
        </div>
        {actions && <Group gap={6}>{actions}</Group>}
      </Group>
      {children}
    </div>
  );
}

/** A titled part of a page. */
export function Section({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="bw-section" aria-label={title}>
      <Group justify="space-between" gap="xs" className="bw-section-head">
        <Title order={2}>{title}</Title>
        {aside && <Group gap={6}>{aside}</Group>}
      </Group>
      {children}
    </section>
  );
}

/** A page that is on its way. */
export function PageSkeleton() {
  return (
    <div className="bw-page" aria-busy="true">
      <Skeleton h={22} w={160} mb="lg" />
      <Skeleton h={30} mb={6} />
      {['a', 'b', 'c', 'd', 'e', 'f'].map((row) => (
        <Skeleton key={row} h={30} mb={6} />
      ))}
    </div>
  );
}
