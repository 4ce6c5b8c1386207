/** What we keep of the device somebody signs in with: words, no versions, no address (decision 0044). */
export interface Device {
  /** Undefined for one that we do not know. */
  readonly browser?: string | undefined;
  readonly system?: string | undefined;
  /** Of the address, ISO 3166-1 alpha-2. */
  readonly country?: string | undefined;
}

type Rule = readonly [RegExp, string];

/** The first that holds: most browsers also say that they are others. */
const browsers: readonly Rule[] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|OPiOS|Opera)\b/, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bYaBrowser\//, 'Yandex Browser'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|Chromium|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/\S+ .*Safari\//, 'Safari'],
];

const systems: readonly Rule[] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(iPhone|iPod)\b/, 'iOS'],
  [/\biPad\b/, 'iPadOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];

const firstOf = (rules: readonly Rule[], text: string): string | undefined =>
  rules.find(([pattern]) => pattern.test(text))?.[1];

/** Reduces what a browser says of itself, which tells people apart, to what its owner recognises. */
export function deviceOf(userAgent: string, country: string | undefined): Device {
  return { browser: firstOf(browsers, userAgent), system: firstOf(systems, userAgent), country };
}

/** Browser and system as they are shown; null for a device of which we know neither. */
export function deviceText({ browser, system }: Device): string | null {
  return [browser, system].filter(Boolean).join(', ') || null;
}
