import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CountryResponse, Reader } from 'maxmind';

/** The registries' own assignments (CC0); 8 MB, read when the first address is looked up. */
const file = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';

interface Found {
  readonly country_code?: string;
}

let reader: Reader<CountryResponse & Found> | undefined;

/** The country an address is registered in, ISO 3166-1 alpha-2; undefined for private and unknown ones. Asks nobody. */
export function countryOfAddress(ip: string): string | undefined {
  reader ??= new Reader(readFileSync(fileURLToPath(import.meta.resolve(file))));
  const code = reader.get(ip)?.country_code;
  return code && /^[A-Z]{2}$/.test(code) ? code : undefined;
}
