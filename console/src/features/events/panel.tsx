import { ActionIcon, Tooltip } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { Maximize2 } from 'lucide-react';
import { SidePanel } from '@/ui/side-panel';
import { EventDetail } from './detail';

/** An event beside the list. */
export function EventPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const navigate = useNavigate();
  return (
    <SidePanel
      title="Event"
      label="The event that is open"
      onClose={onClose}
      actions={
        <Tooltip label="As a page of its own">
          <ActionIcon
            component={Link}
            to={'/events/$eventId' as never}
            params={{ eventId: id } as never}
            aria-label="Open as a page of its own"
          >
            <Maximize2 size={13} />
          </ActionIcon>
        </Tooltip>
      }
    >
      <EventDetail
        key={id}
        id={id}
        onDelivery={(delivery) => void navigate({ to: `/deliveries/${delivery.id}` as never })}
      />
    </SidePanel>
  );
}
