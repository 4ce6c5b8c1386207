// Jobs of one feature that another one enqueues: features do not import each other.

/** The job that writes names, language and our id to Keycloak (design, decision 27); its key is the customer's id. */
export const tellProviderTask = 'identity.tell-provider';
/** The job that enables or disables her user there after her status; its key is the customer's id. */
export const tellStatusTask = 'identity.tell-status';
/** The job that tells a former contact that it is no longer the account's; its key names account and change. */
export const tellFormerTask = 'contacts.tell-former';
/** The job that brings Keycloak to what a lock says; its key is the customer's id. */
export const lockTask = 'contacts.lock';
/** The job that takes a number away at Keycloak that another one has proven; its key is the customer's id. */
export const yieldPhoneTask = 'contacts.yield-phone';
/** The job that tells a customer that another one has proven her number; its key is her id. */
export const tellPhoneLostTask = 'contacts.tell-phone-lost';

/** All of them: whoever converges without being the worker must know their queues. */
export const sharedTasks = [
  tellProviderTask,
  tellStatusTask,
  tellFormerTask,
  lockTask,
  yieldPhoneTask,
  tellPhoneLostTask,
] as const;

/** The key of a job about one change of a customer's. */
export const changeKey = (customerId: string, changeId: string): string => `${customerId}:${changeId}`;
