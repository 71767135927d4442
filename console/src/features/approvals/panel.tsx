import { ActionIcon, Button, Group, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Maximize2 } from 'lucide-react';
import { useGet } from '@/api/hooks';
import { SidePanel } from '@/ui/side-panel';
import type { Verdict } from './decide';
import { ApprovalDetail } from './detail';
import type { Approval } from './words';

export interface ApprovalPanelProps {
  id: string;
  onClose: () => void;
  /** Absent where nobody may decide. */
  onDecide?: (approval: Approval, verdict: Verdict) => void;
}

/** A question beside the list. */
export function ApprovalPanel({ id, onClose, onDecide }: ApprovalPanelProps) {
  const approval = useGet('/v1/approvals/{approval_id}', {
    topics: ['approvals'],
    params: { path: { approval_id: id } },
  });
  const pending = approval.data?.status === 'pending' ? approval.data : null;
  return (
    <SidePanel
      title="Approval"
      label="The approval that is open"
      onClose={onClose}
      actions={
        <>
          {onDecide && pending && <DecideButtons onDecide={(verdict) => onDecide(pending, verdict)} />}
          <Tooltip label="As a page of its own">
            <ActionIcon
              component={Link}
              to={'/approvals/$approvalId' as never}
              params={{ approvalId: id } as never}
              aria-label="Open as a page of its own"
            >
              <Maximize2 size={13} />
            </ActionIcon>
          </Tooltip>
        </>
      }
    >
      <ApprovalDetail key={id} id={id} />
    </SidePanel>
  );
}

export function DecideButtons({ onDecide }: { onDecide: (verdict: Verdict) => void }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Button size="compact-sm" onClick={() => onDecide('approve')}>
        Approve
      </Button>
      <Button size="compact-sm" variant="light" color="red" onClick={() => onDecide('deny')}>
        Deny
      </Button>
    </Group>
  );
}
