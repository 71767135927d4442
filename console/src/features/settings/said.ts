/** Settings in words. Pure. */
const DAY_S = 86_400;

export function retentionText(seconds: number): string {
  const [count, unit] =
    seconds % DAY_S === 0 ? [seconds / DAY_S, 'day'] : [Math.round(seconds / 3_600), 'hour'];
  return `${count.toLocaleString('en')} ${unit}${count === 1 ? '' : 's'}`;
}

export function storageText(storage: string, nodes: number): string {
  if (storage !== 'postgres') return 'embedded, in the data directory';
  return `PostgreSQL, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`;
}

/** How long a portal may be open, 60 s to 7 d. */
export const LASTS = [
  { value: '900', label: '15 minutes' },
  { value: '3600', label: 'An hour' },
  { value: '28800', label: '8 hours' },
  { value: '86400', label: 'A day' },
  { value: '604800', label: 'A week' },
] as const;

export const INTEGRATIONS: Record<
  string,
  { title: string; about: string; setUp: readonly string[]; trial: string }
> = {
  slack: {
    title: 'Slack',
    about: 'Asks for approvals and tells of exhausted budgets',
    setUp: ['slack.bot_token', 'slack.signing_secret', 'slack.channel'],
    trial: 'Posts a message to the channel',
  },
  pagerduty: {
    title: 'PagerDuty',
    about: 'Is told of approvals',
    setUp: ['pagerduty.routing_key'],
    trial: 'Triggers an alert and resolves it at once',
  },
  nats: {
    title: 'NATS',
    about: 'Gets every event as well',
    setUp: ['nats_url'],
    trial: 'Connects and looks at the stream',
  },
};
