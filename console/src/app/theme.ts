/** The one design: cool greys, one accent, 13 px, tabular figures. Colours meet AA in both schemes. */
import {
  type CSSVariablesResolver,
  createTheme,
  Input,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
} from '@mantine/core';

const wire: MantineColorsTuple = [
  '#eef2ff',
  '#dfe6fd',
  '#bccaf8',
  '#98aef4',
  '#7b96f0',
  '#5f7feb',
  '#4b6ce0',
  '#3858c6',
  '#2c48a8',
  '#22398a',
];
const gray: MantineColorsTuple = [
  '#f8f9fb',
  '#f1f3f6',
  '#e7eaef',
  '#dce0e6',
  '#c8cdd6',
  '#99a1ae',
  '#5c6470',
  '#454c57',
  '#2f353e',
  '#1a1d23',
];
const dark: MantineColorsTuple = [
  '#e4e7ec',
  '#c3c8d1',
  '#9aa2b0',
  '#596171',
  '#2e333d',
  '#23272f',
  '#1a1d24',
  '#121419',
  '#0d0f13',
  '#090a0d',
];

const red: MantineColorsTuple = [
  '#fdf1f0',
  '#fbe0de',
  '#f6bdb9',
  '#f19790',
  '#ec756c',
  '#e4594f',
  '#d0382e',
  '#bb2a21',
  '#9f2019',
  '#841812',
];

export const theme = createTheme({
  primaryColor: 'wire',
  primaryShade: { light: 7, dark: 6 },
  colors: { wire, gray, dark, red },
  black: '#1a1d23',
  defaultRadius: 6,
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  fontFamily: 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '11.5px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '18px', lineHeight: '1.35' },
      h2: { fontSize: '15px', lineHeight: '1.4' },
      h3: { fontSize: '13px', lineHeight: '1.45' },
    },
  },
  components: {
    Button: { defaultProps: { size: 'xs', fw: 500 } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    InputWrapper: Input.Wrapper.extend({
      vars: () => ({
        label: { '--input-label-size': '13px' },
        description: { '--input-description-size': '12px' },
        error: { '--input-error-size': '12px' },
        success: {},
      }),
    }),
    TextInput: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', checkIconPosition: 'right' } },
    MultiSelect: { defaultProps: { size: 'xs' } },
    TagsInput: { defaultProps: { size: 'xs' } },
    Autocomplete: { defaultProps: { size: 'xs' } },
    NativeSelect: { defaultProps: { size: 'xs' } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    Switch: { defaultProps: { size: 'xs' } },
    Radio: { defaultProps: { size: 'xs' } },
    Tooltip: {
      defaultProps: { openDelay: 350, fz: 'xs', withArrow: false, transitionProps: { duration: 80 } },
    },
    Menu: { defaultProps: { transitionProps: { duration: 80 }, shadow: 'md' } },
    Modal: {
      defaultProps: {
        transitionProps: { duration: 120 },
        centered: false,
        yOffset: '10vh',
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Drawer: {
      defaultProps: { transitionProps: { duration: 120 }, closeButtonProps: { 'aria-label': 'Close' } },
    },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } },
    Text: { defaultProps: { size: 'sm' } },
    Badge: { defaultProps: { size: 'sm', variant: 'light', radius: 'sm', tt: 'none' } },
    Anchor: { defaultProps: { size: 'sm', underline: 'hover' } },
  },
});

/** Colours that mean something, in both schemes; the names are used in the style sheets. */
export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-placeholder': '#6b7380',
    '--mantine-color-anchor': '#2f4fbd',
    '--mantine-color-error': '#b3261e',
    '--bw-sunken': '#f8f9fb',
    '--bw-line': '#e7eaef',
    '--bw-hover': '#f4f5f8',
    '--bw-chosen': '#eef2ff',
    '--bw-ok': '#14794a',
    '--bw-ok-mark': '#1fa463',
    '--bw-bad': '#b3261e',
    '--bw-bad-mark': '#d93a31',
    '--bw-bad-wash': '#fdf1f0',
    '--bw-warn': '#8a5a00',
    '--bw-warn-mark': '#d9920a',
    '--bw-warn-wash': '#fdf6e7',
    '--bw-wait': '#2f4fbd',
    '--bw-wait-mark': '#5f7feb',
    '--bw-off-mark': '#99a1ae',
  },
  dark: {
    '--mantine-color-body': '#121419',
    '--mantine-color-placeholder': '#858d9b',
    '--mantine-color-anchor': '#98aef4',
    '--mantine-color-error': '#ff8f86',
    '--bw-sunken': '#0d0f13',
    '--bw-line': '#262a33',
    '--bw-hover': '#1a1d24',
    '--bw-chosen': '#1d2438',
    '--bw-ok': '#5fd39a',
    '--bw-ok-mark': '#2fb576',
    '--bw-bad': '#ff8f86',
    '--bw-bad-mark': '#ef5a50',
    '--bw-bad-wash': '#2a1716',
    '--bw-warn': '#f0bd5c',
    '--bw-warn-mark': '#dd9f22',
    '--bw-warn-wash': '#29210f',
    '--bw-wait': '#98aef4',
    '--bw-wait-mark': '#7b96f0',
    '--bw-off-mark': '#6a7282',
  },
});

/** The same place that build/scheme.mjs reads before the first paint. */
export const schemes = localStorageColorSchemeManager({ key: 'bellwire-scheme' });

/** The nonce that the server put into the page; style tags carry it, so that the policy lets them be. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}
