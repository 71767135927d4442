// Takes away what the last build made, so that nothing of it is packed by mistake.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
