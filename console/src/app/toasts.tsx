/** What was done, said for a moment in a corner; loaded after the first view. */
import { Notifications } from '@mantine/notifications';

export default function Toasts() {
  return <Notifications position="bottom-right" limit={4} autoClose={4_000} />;
}
