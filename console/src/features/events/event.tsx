/** One event as a page of its own, so that a link to it can be sent. */
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Page } from '@/ui/page';
import { EventDetail } from './detail';

export default function EventPage() {
  const { eventId = '' } = useParams({ strict: false }) as { eventId?: string };
  const navigate = useNavigate();
  return (
    <Page title="Event" above={<Link to={'/events' as never}>Events</Link>}>
      <EventDetail
        id={eventId}
        onDelivery={(delivery) => void navigate({ to: `/deliveries/${delivery.id}` as never })}
      />
    </Page>
  );
}
