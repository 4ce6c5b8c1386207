import { contactMailsEn } from './contacts-en.ts';
import { pagesEn } from './pages-en.ts';
import { stepUpEn } from './step-up-en.ts';
import { sessionsEn } from './sessions-en.ts';

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
    ...sessionsEn.mail,
    stepUpCode: stepUpEn.mail,
    credential: {
      subject: 'What you sign in with was changed',
      greeting: 'Hello,',
      set: {
        PASSWORD: 'the password of your account was changed.',
        TOTP: 'an authenticator app was set up for your account.',
        SMS: 'a telephone number for codes was set up for your account.',
        PASSKEY: 'a passkey was set up for your account.',
        RECOVERY_CODES: 'recovery codes were set up for your account.',
        SOCIAL: 'another account was linked with yours to sign in with.',
        TRUSTED_DEVICE: 'on a device that you trust we ask for your password only, for 30 days.',
        OTHER: 'something to sign in with was set up for your account.',
      },
      removed: {
        PASSWORD: 'the password of your account was removed.',
        TOTP: 'an authenticator app was removed from your account.',
        SMS: 'a telephone number for codes was removed from your account.',
        PASSKEY: 'a passkey was removed from your account.',
        RECOVERY_CODES: 'the recovery codes of your account were removed.',
        SOCIAL: 'a linked account was removed: it no longer signs you in.',
        TRUSTED_DEVICE: 'a device was taken off the list of those that you trust.',
        OTHER: 'something to sign in with was removed from your account.',
      },
      when: 'This happened on',
      ifYou: 'If that was you, there is nothing to do.',
      ifNotYou:
        'If it was not you, choose a new password at once (“Forgot password?” on the sign-in page), and tell our support.',
      look: 'Look at your account',
    },
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
