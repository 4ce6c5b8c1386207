import { CustomerAccount } from './domain/customer-account.ts';

/** Every class that the ORM keeps. The other tables are read and written by statements. */
export const entities = [CustomerAccount] as const;
