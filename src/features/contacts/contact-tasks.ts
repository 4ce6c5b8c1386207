/** The job that mails the link by which a new contact is proven; its key names account and change. */
export const sendProofTask = 'contacts.send-proof';
/** The job that tells the present contact of a change that waits; its key names account and change. */
export const tellRequestedTask = 'contacts.tell-requested';
/** The job that tells the owner of a contact that somebody else wanted it; its key is the owner's id. */
export const tellOwnerTask = 'contacts.tell-owner';
/** The job that gives proven contacts to Keycloak; its key is the customer's id. */
export const applyTask = 'contacts.apply';
/** The job that drops what is over. */
export const dropOverTask = 'contacts.drop-over';

/** The account and the change that a key names. */
export function namedBy(key: string): { readonly customerId: string; readonly changeId: string } {
  const [customerId = '', changeId = ''] = key.split(':');
  return { customerId, changeId };
}
