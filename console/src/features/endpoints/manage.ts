import { useMay, useSession } from '@/app/session';

/** Whether this session may change endpoints and send again; one that may not is shown no buttons for it. */
export function useManages(): boolean {
  const { read_only } = useSession();
  return useMay()('webhooks:manage') && !read_only;
}
