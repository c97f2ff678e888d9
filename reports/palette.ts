/**
 * Colours of pages and charts. Hues follow Okabe and Ito's colour-blind-safe set, darkened or
 * lightened until each has at least 3:1 against its surface (4.5:1 where it carries text).
 */
export interface Look {
  readonly surface: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly band: string;
  readonly danger: string;
  readonly hues: readonly string[];
  /** Heat map: better, equal, worse than the baseline. */
  readonly better: string;
  readonly equal: string;
  readonly worse: string;
  readonly fontFamily: string;
}

export const LIGHT: Look = {
  surface: '#ffffff',
  text: '#1c2128',
  muted: '#57606a',
  grid: '#e6e8eb',
  band: 'rgba(87, 96, 106, 0.10)',
  danger: '#b3261e',
  hues: ['#0b62a8', '#c04a00', '#00745a', '#9c3d7a', '#7a5b00', '#4b4bb8', '#4a5560'],
  better: '#5aa9dd',
  equal: '#eceef0',
  worse: '#eda15f',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif',
};

export const DARK: Look = {
  surface: '#15191e',
  text: '#e4e7ea',
  muted: '#a3acb5',
  grid: '#2b3138',
  band: 'rgba(163, 172, 181, 0.13)',
  danger: '#ff8a80',
  hues: ['#62b5ee', '#f09a55', '#45c7a0', '#e08fc4', '#dcc258', '#a5a5ff', '#b4bec8'],
  better: '#1f5f8f',
  equal: '#2a3037',
  worse: '#8f4f17',
  fontFamily: LIGHT.fontFamily,
};
