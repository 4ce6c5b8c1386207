import { contactMailsEn } from './contacts-en.ts';
import { pagesEn } from './pages-en.ts';

/** Everything we say to customers in English. The other languages have the same keys, checked by the compiler. */
export const en = {
  pages: pagesEn,
  textMessage: {
    'sign-in': 'is your code to sign in.',
    enrolment: 'is your code to set up this number for signing in.',
    contact: 'is your code to confirm this number.',
    secret: 'Give it to nobody, not to us either.',
  },
  mail: {
    contacts: contactMailsEn,
    knownAddress: {
      subject: 'You already have an account',
      greeting: 'Hello,',
      what: 'somebody has just tried to register with this address. It belongs to your account already, so nothing was changed.',
      ifYou: 'If that was you, just sign in. If you no longer know your password, you can choose a new one there.',
      signIn: 'Sign in',
      ifNotYou: 'If it was not you, there is nothing to do. Whoever it was has not learned that you have an account.',
    },
  },
};
