export { compare } from '../../src/decimal.js';
export * from '../../src/index.js';
