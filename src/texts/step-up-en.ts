/** What we say in English to whoever proves herself by a code to her address. */
export const stepUpEn = {
  page: {
    title: 'Prove that it is you',
    what: 'What you want to do needs a fresh proof. You have neither a password nor a second factor, so we send a code to your e-mail address.',
    sent: 'A code is on its way to your e-mail address. Give it here within ten minutes.',
    sends: 'The code goes to the address of your account.',
    send: 'Send me the code',
    resend: 'Send another code',
    code: 'Code',
    codeHint: 'Six digits, from the mail.',
    prove: 'Go on',
    wrong: 'This is not the code.',
    over: 'This code counts no longer. Have another one sent.',
    soon: 'A code was sent a moment ago, or there were many. Please wait a little before you ask for another one.',
    unproven: 'What you want to do needs a fresh proof. Please confirm your e-mail address first, or set a password.',
    back: 'Back',
  },
  mail: {
    subject: 'Your code',
    before: ['Hello,', 'somebody who is signed in to your account wants to change something that needs a fresh proof.'],
    code: 'Your code',
    after: [
      'It is good for ten minutes and for that browser alone. Give it to nobody, not to us either.',
      'If it was not you, do not use it: end your other sessions, and tell our support.',
    ],
  },
};
