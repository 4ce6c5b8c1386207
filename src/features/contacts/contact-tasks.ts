/** The job that mails the link by which a new contact is proven; its key names account and change. */
export const sendProofTask = 'contacts.send-proof';
/** The job that tells the present contact of a change that waits; its key names account and change. */
export const tellRequestedTask = 'contacts.tell-requested';
/** The job that tells a former contact that it is no longer the account's; its key names account and change. */
export const tellFormerTask = 'contacts.tell-former';
/** The job that tells the owner of a contact that somebody else wanted it; its key is the owner's id. */
export const tellOwnerTask = 'contacts.tell-owner';
/** The job that gives proven contacts to Keycloak; its key is the customer's id. */
export const applyTask = 'contacts.apply';
/** The job that brings Keycloak to what a lock says; its key is the customer's id. */
export const lockTask = 'contacts.lock';
/** The job that takes a number away at Keycloak that another one has proven; its key is the customer's id. */
export const yieldPhoneTask = 'contacts.yield-phone';
/** The job that tells a customer that another one has proven her number; its key is her id. */
export const tellPhoneLostTask = 'contacts.tell-phone-lost';
/** The job that drops what is over. */
export const dropOverTask = 'contacts.drop-over';

/** The key of a job about one change. */
export const keyOf = (customerId: string, changeId: string): string => `${customerId}:${changeId}`;

/** The account and the change that a key names. */
export function namedBy(key: string): { readonly customerId: string; readonly changeId: string } {
  const [customerId = '', changeId = ''] = key.split(':');
  return { customerId, changeId };
}
