import type { Feature } from './feature';

const modules = import.meta.glob<{ default: Feature }>('../features/*/index.tsx', { eager: true });

/** Every feature there is, in the order of the menu. */
export const features: readonly Feature[] = Object.values(modules)
  .map((module) => module.default)
  .sort((a, b) => a.order - b.order);
